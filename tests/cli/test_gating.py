"""`run --base`: the exit code of what is new; a base that is missing is no green."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.engine import known
from tests.cli.conftest import Pretend
from tests.cli.test_accept import WORDS, little, untouched, worse
from tests.engine.honest import station


@pytest.fixture(autouse=True)
def nothing_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "load_known", lambda target: ())


def test_only_what_the_base_does_not_have_exits_1(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(station(little, "tensorflow"))
    assert invoke(["run", *WORDS, "-o", "base.jsonl.gz"]) == 1
    assert invoke(["run", *WORDS, "-o", "head.jsonl.gz", "--base", "base.jsonl.gz"]) == 0
    assert "Against base.jsonl.gz: no new finding, " in capsys.readouterr().out
    pretend(station(worse, "tensorflow"))
    words = ["run", *WORDS, "-o", "-", "--base", "auto", "--format", "json"]
    assert invoke(words) == 1
    said = capsys.readouterr()
    assert "base    head.jsonl.gz of " in said.err or "base    base.jsonl.gz of " in said.err
    assert json.loads(said.out)["new"]


@pytest.mark.parametrize("base", ["main.jsonl.gz", "auto"])
def test_a_missing_base_exits_4_unless_it_is_optional(
    folder: Path, pretend: Pretend, capsys: pytest.CaptureFixture[str], base: str
) -> None:
    pretend(station(untouched, "tensorflow"))
    assert invoke(["run", *WORDS, "-o", "-", "--base", base]) == 4
    assert "add --base-optional" in capsys.readouterr().err
    assert invoke(["run", *WORDS, "-o", "-", "--base", base, "--base-optional"]) == 0
    assert "every finding counts as new" in capsys.readouterr().err
