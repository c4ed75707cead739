from __future__ import annotations

import math

import pytest

from conformance.results.cell import Row
from conformance.results.state import STATE_MEANING, STATE_SYMBOL, STATES, State, state_of
from tests.results.runs import row


def state(base: Row, head: Row) -> State:
    return state_of(base, head, {}, {})


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


def test_every_state_has_a_symbol_of_its_own_and_a_meaning() -> None:
    assert set(STATE_SYMBOL) == set(STATE_MEANING) == set(STATES)
    assert len(set(STATE_SYMBOL.values())) == len(STATES)
