"""The suite's own score: its file, and the suite's own."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from conformance.results.read import ResultsError
from conformance.results.score import Judge, Miss, Score, read_score
from tests.planted.tables import record

SCORE = Score(
    suite="0.1.0",
    created="2026-01-01",
    judges=(Judge("check, profile quick", 9, 10, 0, 3),),
    missed=(Miss("quick", "l1:one", "too small"),),
)
ROOT = Path(__file__).parents[2]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text(SCORE.text(), "utf-8")
    assert read_score(path) == SCORE


def test_where_there_is_no_file_there_is_no_score(tmp_path: Path) -> None:
    assert read_score(tmp_path / "none.json") is None


@pytest.mark.parametrize("text", ["{", "{}", SCORE.text().replace('"caught"', '"found"')])
def test_a_file_that_is_no_score_says_what_would_write_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "score.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ResultsError, match="make score"):
        read_score(path)


def test_it_travels_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    name = "score-summary.json"
    assert included[f"reports/{name}"] == f"conformance/_reports/{name}"


def test_the_committed_summary_is_that_of_the_committed_table() -> None:
    stored = json.loads((ROOT / "reports" / "score.json").read_text("utf-8"))
    committed = read_score()
    assert committed is not None
    made = record(stored, committed.suite, committed.created)
    assert committed == made
