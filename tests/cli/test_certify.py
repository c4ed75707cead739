from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from reference import PROGRAMS
from tests.cli.command import command
from tests.reference.test_planted_faults import FAULTS


def test_a_sample_is_certified_and_written(folder: Path) -> None:
    done = command("certify", "l1", "nll", "--count", "1", "-o", "here.json", folder=folder)
    assert (done.code, done.err) == (0, "")
    assert "largest error / bound" in done.out
    written = json.loads((folder / "here.json").read_text("utf-8"))
    assert [*written["losses"]] == ["l1", "nll"]
    assert all(row["share"] <= 1.0 for row in written["losses"]["l1"]["rows"])


def test_json_is_all_that_stdout_gets(folder: Path) -> None:
    done = command(
        "certify", "l1", "--count", "1", "--seed", "9", "--format", "json", folder=folder
    )
    assert json.loads(done.out)["seed"] == 9


def test_a_faulty_reference_is_told_and_exits_1(monkeypatch, capsys) -> None:
    [fault] = [each for each in FAULTS if each.name == "weight-twice"]
    monkeypatch.setattr("reference.PROGRAMS", {**PROGRAMS, "l1": fault.program("l1")})
    assert invoke(["certify", "l1", "--count", "1"]) == 1
    told = capsys.readouterr().err
    assert "l1/" in told
    assert "the reference gives" in told
    assert told.rstrip().endswith("lie outside the reference's own bound")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("l2",), 2, "there is no loss 'l2'"),
        (("l1", "--count", "0"), 2, "--count"),
        (("l1", "--count", "1", "-o", "/proc/here.json"), 2, "name another file with -o"),
    ],
)
def test_what_cannot_be_is_told(capsys, words, code, told) -> None:
    assert invoke(["certify", *words]) == code
    assert told in capsys.readouterr().err
