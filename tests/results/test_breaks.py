from __future__ import annotations

import shlex

from conformance.results import compare_runs
from conformance.results.breaks import Break
from conformance.results.cell import Cell, Deviation, Example
from tests.results.runs import cell, finding, row, run


def breaks(base: Cell, head: Cell) -> tuple[Break, ...]:
    return compare_runs(run(base), run(head)).breaks


FINE = cell(row("value:a"), row("value:b"), row("value:c"))
SMALL = Example("value:c", {"prediction": (1.0,)}, 0.5, 0.75)


def test_cases_of_one_cause_are_one_break_with_its_smallest_case_and_replay() -> None:
    shown = finding("value", "value:z", smallest=(Example("value:y", {}, 0, 1), SMALL))
    head = cell(row("value:a", "fail"), row("value:b"), row("value:c", "fail"), findings=(shown,))
    (found,) = breaks(FINE, head)
    assert (found.cause.kind, found.state, found.documented) == ("value", "new failure", False)
    assert found.cases == 2
    assert found.smallest == SMALL  # the first shown is no case that broke
    assert found.replay == "conformance replay 'value:c' -t 'torch==2.13.0@cpu'"


def test_a_case_with_a_quote_in_it_runs_no_other_command() -> None:
    (found,) = breaks(cell(row("a'; ls '")), cell(row("a'; ls '", "fail")))
    assert shlex.split(found.replay)[2:] == ["a'; ls '", "-t", "torch==2.13.0@cpu"]


def test_two_kinds_are_two_breaks() -> None:
    head = cell(
        row("value:a", "fail"), row("value:b", "fail"), row("value:c"),
        findings=(finding("nan", "value:a"), finding("value", "value:b")),
    )  # fmt: skip
    assert {each.cause.kind: each.cases for each in breaks(FINE, head)} == {
        "nan": 1,
        "value": 1,
    }


def test_documented_ones_come_last_and_say_so() -> None:
    known = Deviation("clipped", "a reason", "a source", cases=1)
    head = cell(
        row("value:a", "known"), row("value:b", "fail"), row("value:c"),
        findings=(finding("inf", known=known, case="value:a"), finding("value", "value:b")),
        known=(known,),
    )  # fmt: skip
    found = breaks(FINE, head)
    assert [(each.documented, each.cause.kind) for each in found] == [
        (False, "value"),
        (True, "inf"),
    ]


def test_a_new_case_that_fails_breaks_and_a_documented_one_does_not() -> None:
    head = cell(row("value:a"), row("value:b"), row("value:c"), row("value:d", "fail"))
    assert [each.state for each in breaks(FINE, head)] == ["added"]
    head = cell(row("value:a"), row("value:b"), row("value:c"), row("value:d", "known"))
    assert breaks(FINE, head) == ()


def test_what_failed_before_breaks_nothing() -> None:
    failing = cell(row("value:a", "fail"), findings=(finding(),))
    assert breaks(failing, failing) == ()
