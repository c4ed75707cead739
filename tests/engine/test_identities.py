from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.book import Book, Fault
from conformance.results.cell import Deviation
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import Spoil, block, case, changed, faults, refused, stored, worked

TEXT = "cross_entropy/float32/typical/5x4c/mean/-/s1"


def book_of(name: str, spoil: Spoil, text: str = TEXT) -> Book:
    asked = case(text)
    return worked(block(asked.loss, asked.dtype), name, [asked], spoil)


def more(was: Outcome, by: float) -> Outcome:
    assert was.value is not None
    return replace(was, value=changed(was.value, lambda values: values * by))


def of_reduction(reduction: str, by: float) -> Spoil:
    return lambda call, was: more(was, by) if call.reduction == reduction else was


@pytest.mark.parametrize("by", [1.001, 5.0, -1.0])
def test_a_sum_that_is_not_n_means_is_told(by: float) -> None:
    book = book_of("reduction", of_reduction("sum", by))
    assert faults(book) == {("reduction", "reduction")}
    assert "sum = mean times" in book.faults[0].note
    assert "allowed" in book.faults[0].note


def test_a_reduction_that_is_not_what_the_losses_add_up_to_is_told() -> None:
    book = book_of("reduction", of_reduction("none", 1.001))
    assert faults(book) == {("reduction", "reduction")}


def test_a_gap_names_the_side_that_is_wrong_by_itself() -> None:
    fault = book_of("reduction", of_reduction("sum", 1.001)).faults[0]
    assert [(each.property, each.case.reduction) for each in fault.behind] == [("value", "sum")]


def test_a_gap_that_follows_from_a_known_deviation_is_known() -> None:
    known = Deviation("wide-sum", "reason", "source")

    def explain(fault: Fault) -> Deviation | None:
        return known if [each.case.reduction for each in fault.behind] == ["sum"] else None

    asked = case(TEXT)
    of = block(asked.loss, asked.dtype)
    book = worked(of, "reduction", [asked], of_reduction("sum", 1.001), explain)
    assert not book.faults
    assert book.tally("reduction").known


def test_a_mean_over_ignored_targets_too_is_told() -> None:
    def counting(call: Call, was: Outcome) -> Outcome:
        ignored = call.inputs["target"] == -7
        return more(was, 1 - ignored.mean()) if call.reduction == "mean" else was

    text = "cross_entropy/float32/typical/9x4c/mean/ignore_index=-7/s1"
    assert (case(text).inputs["target"] == -7).any()
    assert faults(book_of("reduction", counting, text)) == {("reduction", "reduction")}


def test_sums_and_means_that_fit_are_not() -> None:
    book = book_of("reduction", lambda call, was: was)
    assert faults(book) == set()
    assert book.tally("reduction").cases == 2


def test_a_loss_that_is_not_equal_to_its_twin_is_told() -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        return more(was, 1.001) if call.binding.loss == "nll" else was

    book = book_of("identity", off)
    assert faults(book) == {("identity", "identity")}
    assert book.faults[0].expected != book.faults[0].actual


def test_a_rounding_error_between_twins_is_none() -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        return more(was, 1 + 2.0**-23) if call.binding.loss == "nll" else was

    book = book_of("identity", off)
    assert faults(book) == set()
    assert book.tally("identity").cases > 0


def test_a_call_that_fails_is_left_to_the_property_value() -> None:
    book = book_of("identity", lambda call, was: refused())
    assert faults(book) == set()


@pytest.mark.parametrize("shape", [(4,), (5, 1), (2, 5)])
def test_an_answer_of_another_shape_is_left_to_the_property_shape(shape: tuple[int, ...]) -> None:
    def reshaped(call: Call, was: Outcome) -> Outcome:
        return replace(was, value=stored(np.ones(shape), call.dtype))

    asked = case("cross_entropy/float32/typical/5x4c/none/-/s1")
    spoil: Spoil = lambda call, was: reshaped(call, was) if call.binding.loss == "nll" else was  # noqa: E731
    book = worked(block("cross_entropy"), "identity", [asked], spoil)
    assert faults(book) == set()


def by(factor: float) -> Spoil:
    return of_reduction("mean", factor)


@pytest.mark.parametrize(
    ("text", "factor", "told"),
    [
        ("mse/float32/typical/4x3/mean/-/s1", 12 / 13, "13, one more than is due"),
        ("mse/float32/typical/4x3/mean/-/s1", 12 / 4, "4, the length of the first axis"),
        ("mse/float32/typical/4x3/mean/-/s1", 12.0, "1, which divides nothing"),
        ("nll/float32/typical/5x4c/mean/-/s1", 5 / 20, "20, the number of losses and classes"),
    ],
)
def test_a_wrong_denominator_is_named(text: str, factor: float, told: str) -> None:
    book = book_of("reduction", by(factor), text)
    assert faults(book) == {("reduction", "reduction")}
    assert all(f"a denominator of {told}, in place of" in each.note for each in book.faults)


def test_a_mean_that_counts_ignored_targets_names_the_number_of_losses() -> None:
    def counting(call: Call, was: Outcome) -> Outcome:
        ignored = call.inputs["target"] == -7
        return more(was, 1 - ignored.mean()) if call.reduction == "mean" else was

    text = "cross_entropy/float32/typical/9x4c/mean/ignore_index=-7/s1"
    notes = [fault.note for fault in book_of("reduction", counting, text).faults]
    assert all("a denominator of 9, the number of losses, in place of" in each for each in notes)


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (1 + 5e-6, "a sum in float32 of one term after the other gives that"),
        (1 + 1e-2, "a sum in float16 gives that: the accumulator is too narrow"),
        (-9.0, "neither another denominator nor a narrower accumulator explains it"),
    ],
)
def test_a_narrow_accumulator_is_told_from_a_wrong_denominator(factor: float, told: str) -> None:
    book = book_of("reduction", by(factor), "mse/float32/typical/200/mean/-/s1")
    assert faults(book) == {("reduction", "reduction")}
    assert all(told in fault.note for fault in book.faults), book.faults[0].note
