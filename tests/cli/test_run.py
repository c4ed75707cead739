"""Runs: what is printed where, what is left behind, and with which exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.engine.request import PROPERTIES
from conformance.results import read_results, summarise
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.cli.command import QUICK, Ended, command, names_in, need, surroundings
from tests.cli.conftest import Pretend
from tests.engine.honest import changed, station

SPEC_ONLY = Path(__file__).parents[1] / "spec_only"

Finished = tuple[Ended, Path]


def test_a_run_prints_the_verdict_on_stdout_and_the_paths_on_stderr(finished: Finished) -> None:
    done, _ = finished
    assert done.code == 0
    assert done.out.startswith("✓ Conforms: 1 loss on 1 target")
    assert done.err.splitlines() == [
        "starting torch",
        "results conformance-results.jsonl.gz",
        "report  conformance-results.html",
    ]


def test_a_run_leaves_results_and_report_and_nothing_else(finished: Finished) -> None:
    assert names_in(finished[1]) == {"conformance-results.jsonl.gz", "conformance-results.html"}


def test_what_is_printed_fits_into_eighty_columns_and_has_no_colour(finished: Finished) -> None:
    done, _ = finished
    assert "\x1b" not in done.out + done.err
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 80


def test_the_file_says_what_the_exit_code_said(finished: Finished) -> None:
    done, folder = finished
    results = read_results(folder / "conformance-results.jsonl.gz")
    assert results.end is not None
    assert results.end.exit == done.code == summarise(results).exit
    assert done.out.startswith(f"✓ {results.end.verdict[:40]}")
    assert results.manifest.flags["dtype"] == ("float32",)


def pretended(capsys: pytest.CaptureFixture[str], *words: str) -> Ended:
    code = invoke(["run", *words])
    out, err = capsys.readouterr()
    return Ended(code, out, err)


def halved(call: Call, was: Outcome) -> Outcome:
    return was if was.value is None else replace(was, value=changed(was.value, lambda v: v / 2))


def test_json_is_alone_on_stdout_and_nothing_is_written(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(framework="tensorflow"))
    asked = ("mse", "-t", "tensorflow", "--dtype", "float32")
    done = pretended(capsys, *asked, "--format", "json", "-o", "-")
    account = json.loads(done.out)
    assert done.code == account["exit"]
    assert account["elements"] > 100
    assert account["files"] == account["not_run"] == []
    assert account["targets"] == {"tensorflow==9.9@cpu": "ran"}
    assert names_in(folder) == set()


def test_findings_exit_1_and_are_told_with_their_replay_lines(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(halved))
    asked = ("mse", "-t", "torch", "--dtype", "float32")
    done = pretended(capsys, *asked, "-o", "found.jsonl.gz")
    assert done.code == 1
    assert done.out.startswith("✗ Does not conform: ")
    assert "  conformance replay 'value:mse/float32/" in done.out
    assert names_in(folder) == {"found.jsonl.gz", "found.html"}
    account = json.loads(pretended(capsys, *asked, "--format", "json", "-o", "-").out)
    assert account["verdict"] == "findings"
    assert {"value", "example", "edge-case"} <= {each["property"] for each in account["causes"]}
    told = [each["replay"] for each in account["causes"] if each["kind"] != "xpass"]
    assert all(line.startswith("conformance replay '") for line in told)


def test_what_no_target_offers_exits_5(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(framework="keras"))
    done = pretended(capsys, "nll", "-t", "keras", "--dtype", "float32", "-o", "-")
    assert done.code == 5
    assert "Nothing was checked" in done.out


def test_an_output_that_cannot_be_written_exits_2(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station())
    (folder / "taken").write_text("", "utf-8")
    done = pretended(capsys, "l1", "-t", "torch", "-o", "taken/x.jsonl.gz")
    assert (done.code, done.out) == (2, "")
    assert "taken/x.jsonl.gz: cannot be written, " in done.err
    assert "name another file with -o" in done.err


def test_a_target_that_is_not_there_exits_4(folder: Path) -> None:
    done = command("run", "l1", "-t", "torch==0.0.1", "-o", "x.jsonl.gz", folder=folder)
    assert done.code == 4
    assert "– torch==0.0.1@cpu did not run: " in done.out
    assert done.out.startswith("– Incomplete")


def test_a_loss_that_only_has_a_spec_is_run_by_its_formula(folder: Path) -> None:
    need("torch")
    words = ("run", "huber", "--spec-folder", str(SPEC_ONLY), "-t", "torch", "--dtype", "float32")
    done = command(*words, folder=folder)
    assert done.code == 0, done.out
    results = read_results(folder / "conformance-results.jsonl.gz")
    ran = {cell.property: cell for cell in results.cells if cell.verdict != "n/a"}
    assert {"value", "gradient", "example", "edge-case", "identity", "reduction", "error"} <= {*ran}
    assert ran["value"].algorithm == ran["gradient"].algorithm == "formula"
    assert ran["gradient"].elements > 1000


def test_a_loss_that_no_framework_has_a_binding_for_is_told(folder: Path) -> None:
    need("torch")
    spec = folder / "spec" / "regression"
    spec.mkdir(parents=True)
    (spec / "mine.yaml").write_text((SPEC_ONLY / "regression/huber.yaml").read_text("utf-8")
        .replace("loss: huber", "loss: mine"), "utf-8")  # fmt: skip
    done = command("run", "mine", "--spec-folder", "spec", "-t", "torch", folder=folder)
    results = read_results(folder / "conformance-results.jsonl.gz")
    assert {cell.reason for cell in results.cells} == {"torch has no binding for mine"}
    assert "Traceback" not in done.err


def test_an_interrupt_leaves_a_file_that_can_be_read_and_exits_130(folder: Path) -> None:
    need("torch")
    file = folder / "cut.jsonl.gz"
    run = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", "-t", "torch", "-o", file.name],
        cwd=folder,
        env=surroundings(folder, {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _has_cells(file):
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, ""), err
    assert "interrupted: " in err
    planned = 8 * 4 * len(PROPERTIES)
    assert (
        f"of {planned} cells are in cut.jsonl.gz; `conformance report cut.jsonl.gz` shows them"
        in err
    )
    assert "Traceback" not in err
    results = read_results(file)
    assert results.end is None
    assert results.cells
    assert command("report", file.name, "--format", "text", folder=folder).code == 4


def _has_cells(file: Path) -> bool:
    return file.exists() and file.read_bytes().count(b"\x1f\x8b\x08\x00") > 3


def test_a_progress_bar_is_for_those_who_watch(folder: Path) -> None:
    need("torch")
    text = _on_a_terminal([*QUICK, "-o", "-"], folder, {"TERM": "xterm-256color"})
    assert f"/{len(PROPERTIES)}" in text
    assert "━" in text


def test_ci_sees_no_progress_bar_and_no_color_no_colour(folder: Path) -> None:
    need("torch")
    quiet = {"NO_COLOR": "1", "CI": "true", "TERM": "xterm-256color"}
    text = _on_a_terminal([*QUICK, "-o", "-"], folder, quiet)
    assert "Conforms" in text
    assert "/12" not in text
    assert "\x1b[3" not in text


def _on_a_terminal(words: list[str], folder: Path, extra: dict[str, str]) -> str:
    """What `conformance run WORDS` sends to a terminal."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", *words],
        cwd=folder, env=surroundings(folder, extra), stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    assert run.wait(60) == 0
    return text.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--exhaustive=pairs", "--shard", "3/2"), "'3/2' cannot be read; write K/N"),
        (
            ("--exhaustive=pairs", "--shard", "1/7"),
            "4 batches (one loss in one dtype) and 2 times all pairs to divide",
        ),
        (("--exhaustive=triples",), "'triples' is not one of 'grid', 'pairs'"),
    ],
)
def test_a_part_that_is_none_is_told(capsys, words, told) -> None:
    assert invoke(["run", "l1", *words]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_exhaustive_rows_are_in_the_results(pretend, folder) -> None:
    pretend(station())
    code = invoke(["run", "mse", "--dtype", "bfloat16", "-t", "torch", "--exhaustive"])
    assert code == 1  # an honest target does not depart as torch is known to
    cells = {cell.property: cell for cell in read_results("conformance-results.jsonl.gz").cells}
    assert cells["exhaustive"].coverage == cells["exhaustive-gradient"].coverage == "exhaustive"
    assert "exhaustive-pairs" not in cells
