"""A run that ended early goes on where its file ends, and becomes the run that it would have been."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.engine.request import PROPERTIES
from conformance.results import read_results
from conformance.results.codec import encode
from conformance.results.read import Results
from tests.cli.command import ROOT, command, surroundings
from tests.cli.conftest import Pretend
from tests.engine.honest import station

WORDS = ("l1", "mse", "-t", "torch", "-t", "tensorflow", "--dtype", "float32", "--dtype", "float16")
NAME = "run.jsonl.gz"
EACH = len(PROPERTIES)
WHOLE = 2 * 2 * 2 * EACH
"""Cells of WORDS: losses, targets, dtypes and properties."""


def started(
    folder: Path, *words: str, seconds: float = 0.0, **more: object
) -> subprocess.Popen[str]:
    script = ROOT / "tests" / "cli" / "pretending.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(seconds), "run", *words],
        cwd=folder, env=surroundings(folder, {}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
    )  # type: ignore[call-overload,no-any-return]  # fmt: skip


def killed(folder: Path, number: signal.Signals, cells: int = EACH) -> tuple[int, str, str]:
    """Exit code and output of a run that is killed when its file has so many cells."""
    run = started(folder, *WORDS, "-o", NAME, seconds=0.3)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _records(folder / NAME) <= cells:
        time.sleep(0.01)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    return run.returncode, out, err


def _records(file: Path) -> int:
    return file.read_bytes().count(b"\x1f\x8b\x08\x00") if file.exists() else 0


def content(results: Results) -> object:
    """All but when it was and how long it took."""
    head = {**encode(results.manifest), "created": "", "flags": {}}
    end = {**encode(results.end), "seconds": 0}
    return head, encode(results.cells), end


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("whole") / "work"
    folder.mkdir()
    run = started(folder, *WORDS, "-o", NAME)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1, err  # what torch is known to accept is refused by the reference
    return read_results(folder / NAME)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_run_that_is_killed_leaves_a_file_from_which_it_goes_on(
    folder: Path, whole: Results, number: signal.Signals, code: int
) -> None:
    found, out, err = killed(folder, number)
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        kept = (
            f"of {WHOLE} cells are in run.jsonl.gz; `conformance report run.jsonl.gz` shows them, "
        )
        assert kept + "`conformance run --resume -o run.jsonl.gz` goes on" in err
    left = read_results(folder / NAME)
    assert left.cells == whole.cells[: len(left.cells)]
    assert EACH <= len(left.cells) < WHOLE
    assert not left.complete
    assert command("report", NAME, "--format", "text", folder=folder).code in (1, 4)
    run = started(folder, "--resume", "-o", NAME)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1, err
    assert f"{len(left.cells)} of {WHOLE} cells are kept" in err
    assert content(read_results(folder / NAME)) == content(whole)


def test_a_full_disk_keeps_what_was_written_and_exits_4(folder: Path, whole: Results) -> None:
    room = 60_000  # bytes: the manifest and some cells

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    run = started(folder, *WORDS, "-o", NAME, preexec_fn=narrow)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (4, ""), err
    assert "cannot be written on, File too large: " in err
    assert "Traceback" not in err
    left = read_results(folder / NAME)
    assert left.cut is not None
    assert left.cells == whole.cells[: len(left.cells)]
    again = started(folder, "--resume", "-o", NAME)
    again.communicate(timeout=60)
    assert again.returncode == 1
    assert content(read_results(folder / NAME)) == content(whole)


def resumed(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = invoke(["run", *words, "--resume", "-o", NAME])
    return code, capsys.readouterr().err


@pytest.fixture
def cut(folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> Path:
    """A run of two dtypes that stopped in the second."""
    pretend(station(framework="tensorflow"))
    words = ("run", "mse", "-t", "tensorflow", "--dtype", "float32", "--dtype", "float16")
    invoke([*words, "-o", NAME])
    data = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(data[: len(data) * 3 // 4])
    assert not read_results(folder / NAME).complete
    capsys.readouterr()
    return folder / NAME


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seed", "3"), "run.jsonl.gz: the seed is 0, and this run has 3; would be parts of one"),
        (("nll",), "run.jsonl.gz: the losses is mse, and this run has nll"),
        (("--profile", "default"), "the profile is quick, and this run has default"),
        (("--dtype", "float64"), "the dtypes is float32, float16, and this run has float64"),
        (("--shard", "1/2"), "the shard is None, and this run has 1/2"),
    ],
)
def test_another_request_is_refused_by_what_differs(
    cut: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    before = cut.read_bytes()
    code, err = resumed(cut.parent, capsys, *words)
    assert code == 2
    assert said in err
    assert cut.read_bytes() == before


def other_version(pretend: Pretend) -> None:
    from dataclasses import replace

    of = station(framework="tensorflow")
    of.worker.facts["numpy"] = "1.0"
    pretend(replace(of))


def other_target(pretend: Pretend) -> None:
    pretend(station(framework="keras"))


@pytest.mark.parametrize(
    ("change", "said"),
    [(other_version, "the numpy of tensorflow==9.9@cpu is None, and this run has 1.0"),
     (other_target, "the targets is tensorflow==9.9@cpu, and this run has keras")],
)  # fmt: skip
def test_other_versions_are_refused(
    cut: Path,
    pretend: Pretend,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Pretend], None],
    said: str,
) -> None:
    change(pretend)
    before = cut.read_bytes()
    code, err = resumed(cut.parent, capsys)
    assert code == 2
    assert said in err
    assert cut.read_bytes() == before


def test_nothing_is_asked_twice(
    cut: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = len(read_results(cut).cells)
    assert EACH <= kept < 2 * EACH
    of = station(framework="tensorflow")
    pretend(of)
    resumed(cut.parent, capsys)
    one = of.worker.asked  # type: ignore[attr-defined]
    assert one > 0
    assert len(read_results(cut).cells) == 2 * EACH
    resumed(cut.parent, capsys)
    assert of.worker.asked == one  # type: ignore[attr-defined]
    assert len(read_results(cut).cells) == 2 * EACH


@pytest.mark.parametrize("data", [None, b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00\x00"])
def test_where_nothing_was_kept_the_run_starts_from_the_beginning(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str], data: bytes | None
) -> None:
    if data is not None:
        (folder / NAME).write_bytes(data)
    pretend(station(framework="tensorflow"))
    code, err = resumed(folder, capsys, "mse", "-t", "tensorflow", "--dtype", "float32")
    assert code in (0, 1)
    assert "the run starts from the beginning" in err
    assert read_results(folder / NAME).complete


def test_a_damaged_file_is_refused_with_its_line_and_left_alone(
    cut: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(cut.read_bytes())
    data[data.index(b"\x1f\x8b\x08\x00", 4) - 6] ^= 0xFF
    cut.write_bytes(data)
    code, err = resumed(cut.parent, capsys)
    assert code == 2
    assert f"{NAME}:1: is damaged" in err
    assert cut.read_bytes() == data
    assert os.listdir(cut.parent) == [NAME] or "run.html" in os.listdir(cut.parent)


def test_resume_without_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["run", "--resume", "-o", "-"]) == 2
    assert "--resume goes on with a results file" in capsys.readouterr().err
