"""What hunts find is kept where it is asked for, and asked first from there on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.results import read_results
from tests.cli.command import names_in
from tests.cli.conftest import Pretend
from tests.engine.honest import station
from tests.engine.test_hunt import blunt

ASKED = ("run", "mse", "-t", "torch", "--dtype", "float32")
OUT = ("-o", "run.jsonl.gz")


def entry(folder: Path) -> dict[str, object]:
    """That of the value; an honest gradient is rounded correctly and leaves nothing to keep."""
    (line,) = (folder / "mse.jsonl").read_text("utf-8").splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_what_a_hunt_finds_is_kept_and_asked_first_in_the_next_run(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(blunt))
    invoke([*ASKED, *OUT, "--hunt", "--corpus", "kept"])
    assert "corpus  kept/mse.jsonl" in capsys.readouterr().err
    kept = entry(folder / "kept")
    assert (kept["target"], kept["property"], kept["version"]) == ("torch@cpu", "value", "9.9")
    invoke([*ASKED, *OUT, "--corpus", "kept"])
    (value,) = (cell for cell in read_results("run.jsonl.gz").cells if cell.property == "value")
    assert f"value:{kept['case']}" in [row.case for row in value.rows[:5]]
    assert value.climb is None


def test_nothing_is_kept_unless_a_folder_is_named(folder: Path, pretend: Pretend) -> None:
    pretend(station(blunt))
    invoke([*ASKED, *OUT, "--hunt"])
    assert names_in(folder) == {"run.jsonl.gz", "run.html"}


def test_a_merge_keeps_what_the_hunts_of_its_files_found(folder: Path, pretend: Pretend) -> None:
    pretend(station(blunt))
    invoke([*ASKED, *OUT, "--hunt", "--corpus", "kept"])
    invoke(["merge", "run.jsonl.gz", "-o", "all.jsonl.gz", "--corpus", "again"])
    assert entry(folder / "again") == entry(folder / "kept")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{}", "no entry of a corpus"),
        (
            '{"dtype": "float32", "property": "value", "target": "torch@cpu", "share": 0.5, '
            '"version": "1", "case": "mse/float32/hot/4/none/-/s3"}',
            "the regime 'hot'",
        ),
    ],
)
def test_a_corpus_that_cannot_be_used_is_told_with_its_line(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    pretend(station())
    (folder / "mse.jsonl").write_text(line + "\n", "utf-8")
    assert invoke([*ASKED, *OUT, "--corpus", "."]) == 2
    told = capsys.readouterr().err
    assert "mse.jsonl:1: " in told
    assert said in told
    assert "Traceback" not in told
