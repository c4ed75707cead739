"""The count of false alarms: its file, and the suite's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.results.exceedances import Exceedances, Row, read_exceedances
from conformance.results.manifest import Machine
from conformance.results.read import ResultsError

ROW = Row("torch", "l1", "absolute_difference", 100, 0, 3, 1, 40, 0.25, 0.5, 0.75, {"torch": 7})
BARE = replace(ROW, loss="nll", bounded=0, median=None, most=None, largest=None)
COUNT = Exceedances(
    suite="0.1.0",
    created="2026-01-01T00:00:00+00:00",
    machine=Machine("Linux 6", "a processor", 2, "3.11.7"),
    packages={"torch": "2.13.0"},
    all=replace(ROW, target="", loss="", algorithm="", comparisons=200),
    rows=(ROW, BARE),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "exceedances.json"
    path.write_text(COUNT.text(), "utf-8")
    assert read_exceedances(path) == COUNT


def test_where_there_is_no_file_there_is_no_count(tmp_path: Path) -> None:
    assert read_exceedances(tmp_path / "none.json") is None


@pytest.mark.parametrize("text", ["{", "{}", COUNT.text().replace('"comparisons"', '"compared"')])
def test_a_file_that_is_no_count_says_what_would_write_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "exceedances.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ResultsError, match="python -m benchmarks exceedances"):
        read_exceedances(path)


def test_the_committed_count_found_nothing() -> None:
    committed = read_exceedances()
    assert committed is not None
    assert committed.all.exceedances == 0
    assert committed.all.comparisons == sum(row.comparisons for row in committed.rows)
