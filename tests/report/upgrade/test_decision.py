from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.report.upgrade.decision import decisions
from conformance.results import compare_runs
from conformance.results.cell import Deviation, Row
from conformance.results.diff import Diff
from tests.results.runs import cell, row, run


def decided(base: tuple[Row, ...], head: tuple[Row, ...], **more: Any) -> tuple[str, str]:
    diff = compare_runs(run(cell(*base)), run(cell(*head, **more)))
    (found,) = decisions(diff, ["l1"])
    return found.word, found.text


FAILED = row("value:b", "fail", worst_class="wrong", ulp=9.0)


@pytest.mark.parametrize(
    ("base", "head", "word", "text"),
    [
        (row("value:b"), FAILED, "breaks", "1 case in value"),
        (FAILED, FAILED._replace(ulp=99.0), "breaks", "1 case in value"),
        (FAILED, FAILED, "fails as before", "1 same bits, 1 still failing"),
        (FAILED, row("value:b"), "fixed", "1 same bits, 1 fixed"),
        (row("value:b"), row("value:b"), "same bits", "2 same bits"),
    ],
)
def test_a_loss_gets_the_worst_that_happens_to_it(
    base: Row, head: Row, word: str, text: str
) -> None:
    assert decided((row(), base), (row(), head)) == (word, text)


def test_drift_says_how_far_and_how_near_to_the_bound() -> None:
    near = row(digest="cd", ulp=1.9, share=0.62)
    assert decided((row(), row("value:b")), (near, row("value:b"))) == (
        "drifts",
        "up to 1.9 ulp off (62 % of the bound), in 1 of 2 cases",
    )


def test_drift_of_equal_numbers_is_no_distance() -> None:
    exact = row(ulp=0.0, share=None, worst_class="exact special")
    word, text = decided((exact,), (exact._replace(digest="cd"),))
    assert (word, text.partition(",")[0]) == ("drifts", "equal numbers in other bits")


def test_other_bits_of_a_documented_departure_are_no_same_bits() -> None:
    known = row(verdict="known")
    assert decided((known,), (known,)) == ("same bits", "1 still failing")
    assert decided((known,), (known._replace(digest="cd"),)) == (
        "drifts",
        "1 case of a documented deviation, 1 still failing",
    )


def test_a_new_deviation_is_named() -> None:
    clipped = Deviation("clipped", "a reason", "a source", cases=1)
    found = decided((row(),), (row(verdict="known"),), known=(clipped,))
    assert found == ("new deviation", "1 case: clipped")


def test_another_question_is_not_comparable_and_what_is_missing_did_not_run() -> None:
    base = run(cell(row()))
    other = replace(base, manifest=replace(base.manifest, seed=1))
    (found,) = decisions(compare_runs(base, other), ["l1"])
    told = (f"1 case: the seed was {base.manifest.seed} and is 1",)
    assert (found.word, found.text) == ("not comparable", *told)
    gone = decided((row(),), (), verdict="not run", reason="killed after 30 s")
    assert gone == ("not run", "1 case: killed after 30 s")


def test_losses_in_use_have_a_row_each_even_where_no_run_has_them(diff: Diff) -> None:
    found = decisions(diff, ["l1", "huber"])
    assert {each.loss for each in found} == {"l1", "huber"}
    assert (found[-1].loss, found[-1].word) == ("huber", "not in both")


def test_without_losses_in_use_there_are_all_and_the_worst_come_first(diff: Diff) -> None:
    found = decisions(diff)
    assert {each.loss for each in found} == set(diff.head.manifest.losses)
    assert (found[0].loss, found[0].word) == ("l1", "breaks")
    assert found[-1].word == "same bits"
