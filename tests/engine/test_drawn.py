"""Each way in which an answer can be wrong is told under its own property and kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.book import Book
from conformance.engine.request import PROFILES
from conformance.numerics.formats import FORMATS, ulp
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Died, Outcome, Raised
from tests.engine.honest import Spoil, block, case, changed, faults, one_off, stored, worked

NONE = "mse/float32/typical/7/none/-/s3"
MEAN = "cross_entropy/bfloat16/typical/5x4c/mean/-/s1"


def book_of(spoil: Spoil, text: str = NONE) -> Book:
    asked = case(text)
    return worked(block(asked.loss, asked.dtype), "value", [asked], spoil)


def value(change: Callable[[np.ndarray], object]) -> Spoil:
    """Spoils the value and leaves the gradients alone."""
    return lambda call, was: replace(was, value=changed(was.value, change))  # type: ignore[arg-type]


def gradients(change: Callable[[np.ndarray], object]) -> Spoil:
    return lambda call, was: replace(
        was, gradients={name: changed(each, change) for name, each in was.gradients.items()}
    )


def first_as(number: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(values: np.ndarray) -> np.ndarray:
        values.reshape(-1)[:1] = number
        return values

    return change


def widened(call: Call, was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=Array("float64", was.value.values))


def as_column(call: Call, was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=Array(was.value.dtype, was.value.stored.reshape(-1, 1)))


def without_first(call: Call, was: Outcome) -> Outcome:
    _, *rest = was.gradients
    return replace(was, gradients={name: was.gradients[name] for name in rest})


def wide_gradient(call: Call, was: Outcome) -> Outcome:
    wide = {name: Array("float64", each.values) for name, each in was.gradients.items()}
    return replace(was, gradients=wide)


def flat_gradient(call: Call, was: Outcome) -> Outcome:
    flat = {
        name: Array(each.dtype, each.stored.reshape(-1)[:1]) for name, each in was.gradients.items()
    }
    return replace(was, gradients=flat)


def mutated(call: Call, was: Outcome) -> Outcome:
    return replace(was, mutated=("target",))


def refusing(call: Call, was: Outcome) -> Outcome:
    return Outcome(raised=Raised(("RuntimeError", "Exception"), "I would rather not"))


def failing_backwards(call: Call, was: Outcome) -> Outcome:
    raised = Raised(("NotImplementedError", "Exception"), "no derivative")
    return replace(was, gradients={}, gradient_raised=raised)


def dying(kind: str) -> Spoil:
    return lambda call, was: Outcome(death=Died(kind, "it fell over"))  # type: ignore[arg-type]


PLANTED = {
    "a-wrong-value": (value(one_off), {("value", "value")}),
    "a-nan-where-a-number-is-due": (value(first_as(np.nan)), {("value", "nan")}),
    "an-infinity-where-a-number-is-due": (value(first_as(np.inf)), {("value", "inf")}),
    "a-minus-infinity": (value(first_as(-np.inf)), {("value", "inf")}),
    "a-negated-gradient": (gradients(np.negative), {("gradient", "gradient")}),
    "a-doubled-gradient": (gradients(lambda g: g * 2.0), {("gradient", "gradient")}),
    "a-zero-gradient": (gradients(lambda g: g * 0.0), {("gradient", "gradient")}),
    "a-nan-gradient": (gradients(first_as(np.nan)), {("gradient", "nan")}),
    "an-infinite-gradient": (gradients(first_as(np.inf)), {("gradient", "inf")}),
    "a-missing-gradient": (without_first, {("gradient", "gradient")}),
    "a-gradient-that-raises": (failing_backwards, {("gradient", "exception")}),
    "a-gradient-of-another-dtype": (wide_gradient, {("dtype", "dtype")}),
    "a-gradient-of-another-shape": (flat_gradient, {("shape", "shape")}),
    "a-wrong-dtype": (widened, {("dtype", "dtype")}),
    "a-wrong-shape": (as_column, {("shape", "shape")}),
    "a-changed-argument": (mutated, {("mutation", "mutation")}),
    "a-refusal-of-legal-input": (refusing, {("value", "exception")}),
    "a-crash": (dying("crash"), {("value", "crash")}),
    "a-timeout": (dying("timeout"), {("value", "timeout")}),
    "a-death-for-want-of-memory": (dying("memory"), {("value", "memory")}),
}


DEATHS = {("value", kind) for kind in ("crash", "timeout", "memory")}
"""What could not be judged is an error, and no failure."""


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("text", [NONE, MEAN])
def test_a_planted_fault_is_told_by_its_property_and_kind(name: str, text: str) -> None:
    spoil, expected = PLANTED[name]
    book = book_of(spoil, text)
    assert faults(book) == expected
    (property,) = {fault.property for fault in book.faults}
    wrong = {each: tally.verdict() for each, tally in book.tallies.items()}
    verdict = "error" if expected & DEATHS else "fail"
    assert {each: word for each, word in wrong.items() if word != "pass"} == {property: verdict}


@pytest.mark.parametrize("text", [NONE, MEAN])
def test_the_honest_answer_has_none_of_them(text: str) -> None:
    book = book_of(lambda call, was: was, text)
    assert faults(book) == set()
    assert {*book.tallies} == {"value", "gradient", "dtype", "shape", "mutation"}
    assert all(tally.verdict() == "pass" for tally in book.tallies.values())


def test_each_input_with_a_wrong_gradient_is_told_by_name() -> None:
    book = book_of(gradients(np.negative))
    assert [fault.input for fault in book.faults] == ["prediction", "target"]
    assert "the gradient with respect to prediction is " in book.faults[0].note


def test_a_gradient_taken_along_ones_in_place_of_the_cotangent_is_found() -> None:
    def along_ones(call: Call, was: Outcome) -> Outcome:
        assert call.cotangent is not None
        fair = {name: each.values / call.cotangent for name, each in was.gradients.items()}
        return replace(was, gradients={name: stored(g, call.dtype) for name, g in fair.items()})

    assert faults(book_of(along_ones)) == {("gradient", "gradient")}


def test_an_error_within_the_bound_of_the_declared_algorithm_is_none() -> None:
    """One neighbour of the truth off, in a mean: no more than summing may cost."""

    def neighbour(values: np.ndarray) -> np.ndarray:
        return values + ulp(values, FORMATS["float32"])

    text = "mse/float32/typical/33/mean/-/s3"
    assert faults(book_of(value(neighbour), text)) == set()


def test_a_call_that_the_target_does_not_offer_is_counted_and_is_no_fault() -> None:
    asked = case("binary_cross_entropy_with_logits/float32/typical/3/none/weight=typical/s1")
    book = worked(block(asked.loss, "float32", "tensorflow"), "value", [asked])
    assert book.faults == []
    assert book.skipped == {
        name: {"tf.nn weighs no entries": 1} for name in ("value", "gradient")
    }  # fmt: skip


def company(call: Call, was: Outcome) -> Outcome:
    """Wrong by a tenth where weights, smoothing and ignored samples meet, and nowhere else."""
    stated = call.parameters
    smoothed = float(np.asarray(stated.get("label_smoothing", 0.0))) > 0
    ignores = (call.inputs["target"] == stated.get("ignore_index", -100)).any()
    if "weight" not in stated or not smoothed or not ignores or was.value is None:
        return was
    return replace(was, value=changed(was.value, lambda values: values * 1.1))


def test_a_fault_that_sits_in_three_options_at_once_is_met_by_a_quick_draw() -> None:
    of = block("cross_entropy")
    drawn = draw(of.loss, of.dtype, PROFILES["quick"].drawn, 0)
    book = worked(of, "value", [build(recipe, of.loss) for recipe in drawn], company)
    assert faults(book) == {("value", "value")}
    alone = [each for each in drawn if len(each.parameters) < 2]
    book = worked(of, "value", [build(recipe, of.loss) for recipe in alone], company)
    assert faults(book) == set()


def test_a_call_that_raises_and_leaves_its_process_altered_is_told_twice() -> None:
    raised = Raised(("ValueError", "Exception", "BaseException"), "not with me")

    def spoil(call: Call, was: Outcome) -> Outcome:
        return Outcome(raised=raised, altered=("the default dtype",))

    assert faults(book_of(spoil)) == {("value", "exception"), ("mutation", "mutation")}
