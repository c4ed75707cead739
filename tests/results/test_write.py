from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.results import ResultsWriter, read_results
from conformance.results.read import Entry, ResultsReader
from tests.report.sample import Size
from tests.report.sample.run import manifest, records

SMALL = Size(cases=50, dtypes=("float32",), cuda=False)
HEAD = manifest(SMALL, 3)
CELLS = records(SMALL)[:3]


def test_a_written_run_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        for cell in CELLS:
            writer.cell(cell)
        writer.end(seconds=1.5, exit=0, verdict="good")
    results = read_results(path)
    assert results.complete
    assert [cell.loss for cell in results.cells] == [cell["loss"] for cell in CELLS]
    assert results.end is not None
    assert results.end.cells == 3


def test_any_gzip_reads_the_file_as_lines_of_json(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "run.jsonl.gz", HEAD) as writer:
        writer.cell(CELLS[0])
    with gzip.open(tmp_path / "run.jsonl.gz", "rt", encoding="utf-8") as file:
        assert [json.loads(line)["kind"] for line in file] == ["manifest", "cell"]


def test_every_record_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        for count, cell in enumerate(CELLS, 1):
            writer.cell(cell)
            assert len(read_results(path).cells) == count


KILLED = """
import os, signal, sys
from conformance.results import ResultsWriter
from tests.results.test_write import CELLS, HEAD
with ResultsWriter(sys.argv[1], HEAD) as writer:
    writer.cell(CELLS[0])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_a_readable_prefix(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    died = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert died.returncode == -9
    results = read_results(path)
    assert len(results.cells) == 1
    assert not results.complete


def test_an_exception_leaves_the_run_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"

    def run() -> None:
        with ResultsWriter(path, HEAD) as writer:
            writer.cell(CELLS[0])
            raise KeyError

    with pytest.raises(KeyError):
        run()
    assert not read_results(path).complete


def test_a_record_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        with pytest.raises(ValueError, match="cell record, verdict: found 'green'"):
            writer.cell({**CELLS[0], "verdict": "green"})
        with pytest.raises(ValueError, match="unknown target 'mars'"):
            writer.cell({**CELLS[0], "target": "mars"})
    assert read_results(path).cells == ()


def test_a_cell_is_written_once(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "run.jsonl.gz", HEAD) as writer:
        writer.cell(CELLS[0])
        with pytest.raises(ValueError, match="already written"):
            writer.cell(CELLS[0])


def test_nothing_follows_the_end(tmp_path: Path) -> None:
    with ResultsWriter(tmp_path / "run.jsonl.gz", HEAD) as writer:
        writer.end(seconds=0.0, exit=5, verdict="")
        with pytest.raises(ValueError, match="closed"):
            writer.cell(CELLS[0])
    with pytest.raises(ValueError, match="closed"):
        writer.cell(CELLS[0])


def test_a_lone_surrogate_does_not_spoil_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        writer.cell({**CELLS[0], "reason": "broken \ud800 text"})
    assert "broken" in (read_results(path).cells[0].reason or "")


def test_the_import_is_quick_and_light() -> None:
    program = "import sys, conformance.results; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    heavy = {"numpy", "jinja2", "pydantic", "rich", "torch", "hypothesis"}
    assert not heavy & set(done.stdout.decode().split())


def test_what_stood_in_the_place_stays_until_the_new_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        writer.cell(CELLS[0])
    before = path.read_bytes()

    def kept() -> Iterator[Entry]:
        assert path.read_bytes() == before
        raise OSError(28, "No space left on device")
        yield

    with pytest.raises(OSError, match="No space left"), ResultsWriter(path, HEAD, kept()):
        pass
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["run.jsonl.gz"]


def test_kept_cells_are_written_as_they_are(tmp_path: Path) -> None:
    path, again = tmp_path / "run.jsonl.gz", tmp_path / "again.jsonl.gz"
    with ResultsWriter(path, HEAD) as writer:
        for cell in CELLS:
            writer.cell(cell)
    with (
        ResultsReader(path) as reader,
        ResultsWriter(again, HEAD, reader) as writer,
        pytest.raises(ValueError, match="already written"),
    ):
        writer.cell(CELLS[0])
    assert again.read_bytes() == path.read_bytes()


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "run.jsonl.gz"
    link.symlink_to(tmp_path / "there" / "run.jsonl.gz")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for path in (link, pipe):
        with ResultsWriter(path, HEAD) as writer:
            writer.cell(CELLS[0])
    assert link.is_symlink()
    assert len(read_results(link).cells) == 1
    assert pipe.is_fifo()
    assert os.read(reading, 2) == b"\x1f\x8b"
    os.close(reading)
