from __future__ import annotations

import math
from dataclasses import replace

import pytest

from conformance.results import compare_runs
from conformance.results.cell import Deviation, Row
from conformance.results.change import STATE_MEANING, STATE_SYMBOL, STATES, CellChange, State
from tests.results.runs import cell, finding, row, run


def state(base: Row, head: Row) -> State:
    (found,) = compare_runs(run(cell(base)), run(cell(head))).cells
    (change,) = found.changes
    return change.state


def cells(base: object, head: object) -> CellChange:
    (found,) = compare_runs(run(base), run(head)).cells  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("before", "after", "due"),
    [
        ("pass", "pass", "same bits"),
        ("pass", "fail", "new failure"),
        ("pass", "error", "new failure"),
        ("pass", "known", "new failure"),
        ("known", "fail", "new failure"),
        ("known", "known", "still failing"),
        ("known", "pass", "fixed"),
        ("fail", "pass", "fixed"),
        ("fail", "known", "fixed"),
        ("fail", "fail", "still failing"),
        ("fail", "error", "different failure"),
        ("n/a", "pass", "added"),
        ("pass", "n/a", "removed"),
        ("pass", "not run", "not run now"),
        ("not run", "pass", "added"),
    ],
)
def test_two_verdicts_make_a_state(before: str, after: str, due: State) -> None:
    assert state(row(verdict=before), row(verdict=after)) == due


def test_other_bits_within_the_bound_are_drift() -> None:
    assert state(row(), row(digest="cd")) == "drift"
    assert state(row(ulp=0.5), row(ulp=0.6)) == "same bits"  # the bits say so


def test_where_no_bits_are_recorded_the_numbers_decide() -> None:
    bare = row(digest=None)
    assert state(bare, bare) == "same bits"
    assert state(bare, row(digest=None, ulp=0.6)) == "drift"
    assert state(bare, row(digest="ab")) == "same bits"
    undefined = row(digest=None, ulp=math.nan)
    assert state(undefined, undefined._replace(ulp=float("nan"))) == "same bits"


def test_a_much_larger_error_is_another_failure() -> None:
    failed = row(verdict="fail", worst_class="exceeds", ulp=10.0)
    assert state(failed, failed._replace(ulp=30.0)) == "still failing"
    assert state(failed, failed._replace(ulp=50.0)) == "different failure"
    assert state(failed._replace(ulp=50.0), failed) == "different failure"
    assert state(failed, failed._replace(worst_class="wrong")) == "different failure"


def test_another_kind_of_fault_is_another_failure() -> None:
    failed = row(verdict="fail", worst_class="wrong")
    base = cell(failed, findings=(finding("value"),))
    assert cells(base, base).state == "still failing"
    head = cell(failed, findings=(finding("nan"),))
    assert cells(base, head).state == "different failure"


def test_a_cell_has_its_worst_state() -> None:
    base = cell(row("value:a"), row("value:b"))
    head = cell(row("value:a", "fail"), row("value:b", digest="cd"))
    assert cells(base, head).state == "new failure"
    assert cells(head, base).state == "fixed"


def test_rows_of_one_case_are_paired_in_their_order() -> None:
    base = cell(row(digest="x"), row(digest="y"))
    assert cells(base, base).state == "same bits"
    turned = cell(row(digest="y"), row(digest="x"))
    assert [change.state for change in cells(base, turned).changes] == ["drift", "drift"]
    fewer = cells(base, cell(row(digest="x")))
    assert [change.state for change in fewer.changes] == ["same bits", "removed"]


def test_a_verdict_without_a_case_is_a_change_of_the_cell() -> None:
    base, head = cell(row()), cell(row(), verdict="fail", findings=(finding("crash"),))
    found = cells(base, head)
    assert found.state == "new failure"
    assert [(c.case, c.state) for c in found.changes] == [
        ("", "new failure"),
        ("value:a", "same bits"),
    ]
    assert cells(head, base).state == "fixed"


def test_a_deviation_that_is_gone_is_fixed() -> None:
    gone = Deviation("clipped", "a reason", "a source", cases=0)
    met = replace(gone, cases=1)
    base = cell(row(verdict="known"), known=(met,))
    head = cell(row(), verdict="xpass", known=(gone,))
    assert cells(base, head).state == "fixed"


def test_what_no_side_offers_is_no_change() -> None:
    nothing = cell(verdict="n/a", reason="not offered")
    assert compare_runs(run(nothing), run(nothing)).cells == ()


def test_every_state_has_a_symbol_of_its_own_and_a_meaning() -> None:
    assert set(STATE_SYMBOL) == set(STATE_MEANING) == set(STATES)
    assert len(set(STATE_SYMBOL.values())) == len(STATES)
