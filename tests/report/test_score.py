"""The suite's own score as the report shows it."""

from __future__ import annotations

from conformance.report.score import text
from tests.results.test_score import SCORE


def test_a_judge_has_a_line_of_its_own() -> None:
    head, line = text(SCORE).splitlines()
    assert head.split() == ["judge", "faults", "caught", "correct", "variants", "flagged"]
    assert line == "check, profile quick  9 of 10 (90.0 %)                    0 of 3"
