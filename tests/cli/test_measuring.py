"""`doctor --measure`: NumPy is the device, so that no framework is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.targets import profiles
from conformance.targets.profiles import profile_of, read_profile
from conformance.targets.target import Target
from tests.cli.command import command

FEW = ("doctor", "--measure", "-t", "numpy", "--dtype", "float16", "--count", "2000")


@pytest.fixture
def boast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that promises more of NumPy's float16 than anybody keeps."""
    honest = profile_of(Target("numpy"))
    table = {**honest.accuracy["float16"], "exp": 0.4}
    declared = honest.model_copy(update={"accuracy": {**honest.accuracy, "float16": table}})
    monkeypatch.setattr(profiles, "declared_of", lambda target: declared)


def test_a_device_within_its_profile_exits_0_on_80_columns(folder: Path) -> None:
    done = command(*FEW, folder=folder)
    assert (done.code, done.err) == (0, "")
    assert "numpy==" in done.out
    assert "against profiles/numpy.cpu.yaml" in done.out
    assert "✓ within" in done.out
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 80
    row = next(line for line in done.out.splitlines() if line.startswith(" log1p"))
    assert row.split()[:2] == ["log1p", "float16"]


def test_what_is_declared_below_what_is_measured_exits_1_and_is_told(boast, capsys) -> None:
    assert invoke([*FEW]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "1 beyond" in told
    assert "✗ exp float16: 0.4 declared, 0.5 ulp of float16 measured; every number" in told


def test_json_is_all_that_stdout_gets(boast, capsys) -> None:
    assert invoke([*FEW, "--format", "json"]) == 1
    out = json.loads(capsys.readouterr().out)
    [target] = out["targets"]
    assert (target["profile"], target["declared"], out["not_run"]) == ("numpy.cpu", True, {})
    rows = {row["what"]: row for row in target["rows"]}
    assert (rows["exp"]["verdict"], rows["exp"]["declared"]) == ("beyond", 0.4)
    assert rows["flush_to_zero"]["measured"] is False


def test_the_profile_is_written_and_read_back(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    assert invoke([*FEW, "-o", "made.yaml"]) == 0
    made = read_profile(folder / "made.yaml")
    assert made.accuracy["float16"]["exp"] == 0.51
    assert made.facts[0].source.startswith("numpy 2")
    assert invoke([*FEW, "-o", "-"]) == 0
    assert capsys.readouterr().out.endswith((folder / "made.yaml").read_text("utf-8"))


def test_a_target_without_a_profile_is_measured_and_held_to_nothing(monkeypatch, capsys) -> None:
    monkeypatch.setattr(profiles, "declared_of", lambda target: None)
    assert invoke([*FEW]) == 0
    assert "undeclared" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--count", "5"), 2, "--count belongs to --measure"),
        (("--format", "json"), 2, "--format belongs to --measure"),
        (("-o", "x.yaml"), 2, "--output belongs to --measure"),
        (("--measure", "-t", "numpy==0.0.1"), 5, "is installed, not 0.0.1"),
        (("--measure", "--count", "0"), 2, "--count"),
        (("--measure", "-t", "flax"), 2, "there is no framework 'flax'"),
    ],
)
def test_what_cannot_be_is_told(capsys, words, code, told) -> None:
    assert invoke(["doctor", *words]) == code
    assert told in capsys.readouterr().err


def test_one_of_two_that_is_missing_leaves_it_incomplete(capsys) -> None:
    assert invoke([*FEW, "-t", "torch==0.0.1"]) == 4
    assert "torch==0.0.1@cpu cannot be measured" in capsys.readouterr().out
