"""Cases written in the specs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.book import Book
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Died, Outcome, Raised
from tests.engine.honest import (
    Spoil,
    block,
    changed,
    faults,
    honest,
    one_off,
    refused,
    stored,
    worked,
)

L1 = block("l1")


def failed(book: Book, name: str) -> set[str]:
    return {outcome.id for outcome in book.tally(name).outcomes if outcome.verdict == "fail"}


def only(count: int, spoil: Spoil) -> Spoil:
    """Spoils the answer to cases with that many predictions."""
    return lambda call, was: spoil(call, was) if call.inputs["prediction"].size == count else was


def wrong_value(call: Call, was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=changed(was.value, one_off))


def wrong_gradient(call: Call, was: Outcome) -> Outcome:
    off = {name: changed(each, np.negative) for name, each in was.gradients.items()}
    return replace(was, gradients=off)


def test_an_example_with_another_value_is_told() -> None:
    book = worked(L1, "example", spoil=wrong_value)
    assert faults(book) == {("example", "value")}
    assert failed(book, "example") == {"three-numbers", "apart", "summed", "table"}


def test_an_edge_case_with_another_gradient_is_told() -> None:
    book = worked(L1, "edge-case", spoil=only(1, wrong_gradient))
    assert faults(book) == {("edge-case", "gradient")}
    assert {"neighbours", "no-axes", "largest-against-lowest"} <= failed(book, "edge-case")


def test_a_nan_at_an_edge_is_told_as_nan() -> None:
    def nan(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        return replace(was, value=changed(was.value, lambda values: values * np.nan))

    book = worked(block("mse"), "edge-case", spoil=nan)
    assert ("edge-case", "nan") in faults(book)


def test_a_number_where_nan_is_due_is_told() -> None:
    def zero(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        return replace(was, value=changed(was.value, np.nan_to_num))

    assert "nan" in failed(worked(L1, "edge-case", spoil=zero), "edge-case")


def test_the_other_sign_of_a_zero_is_told_where_the_spec_asks_for_one() -> None:
    def minus(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        return replace(was, value=changed(was.value, lambda v: np.where(v == 0, -0.0, v)))

    assert failed(worked(L1, "edge-case", spoil=minus), "edge-case") == {"signed-zeros"}


@pytest.mark.parametrize("what", ["dtype", "shape", "mutation"])
def test_what_every_call_must_keep_is_looked_at_here_too(what: str) -> None:
    def spoil(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        spoiled = {
            "dtype": replace(was, value=Array("float64", was.value.values)),
            "shape": replace(was, value=stored(was.value.values[..., None], was.value.dtype)),
            "mutation": replace(was, mutated=("prediction",)),
        }
        return spoiled[what]

    assert faults(worked(L1, "edge-case", spoil=spoil)) == {(what, what)}


@pytest.mark.parametrize("kind", ["crash", "timeout", "memory"])
def test_a_death_at_an_edge_is_told(kind: str) -> None:
    dead = Outcome(death=Died(kind, "it fell over"))  # type: ignore[arg-type]
    assert faults(worked(L1, "edge-case", spoil=lambda *_: dead)) == {("edge-case", kind)}


def test_a_refusal_at_an_edge_is_told() -> None:
    book = worked(L1, "edge-case", spoil=only(0, lambda *_: refused()))
    assert faults(book) == {("edge-case", "exception")}
    assert {"empty-mean", "empty-sum"} <= failed(book, "edge-case")


def lacking(call: Call, was: Outcome) -> Outcome:
    return replace(was, gradients={})


def failing_backwards(call: Call, was: Outcome) -> Outcome:
    raised = Raised(("RuntimeError", "Exception"), "no derivative")
    return replace(was, gradients={}, gradient_raised=raised)


def flat_gradient(call: Call, was: Outcome) -> Outcome:
    flat = {n: stored(np.zeros((*each.shape, 2)), call.dtype) for n, each in was.gradients.items()}
    return replace(was, gradients=flat)


@pytest.mark.parametrize("spoil", [lacking, failing_backwards, flat_gradient])
def test_a_gradient_that_does_not_come_at_an_edge_is_told(spoil: Spoil) -> None:
    assert worked(L1, "edge-case", spoil=spoil).faults != []


def test_what_cannot_be_asked_is_listed_as_such() -> None:
    of = block("l1", framework="tensorflow")
    if of.binding.absent is not None:
        of = block("mse", framework="tensorflow")
    book = worked(of, "edge-case")
    left_out = {
        outcome.id for outcome in book.tally("edge-case").outcomes if outcome.verdict == "n/a"
    }
    assert sum(book.skipped["edge-case"].values()) == len(left_out) > 0


def test_an_honest_answer_serves_as_an_edge_case_in_every_dtype() -> None:
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        book = worked(block("l1", dtype), "edge-case", spoil=lambda call, _: honest(call))
        assert failed(book, "edge-case") == set()
