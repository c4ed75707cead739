"""Input that must be refused, in both modes, and what a good call gives afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.engine.book import Book
from conformance.targets.call import Call
from conformance.targets.outcome import Died, Outcome, Raised
from tests.engine.honest import (
    LOSSES,
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
from tests.engine.planted import failing, run

L1 = block("l1")


def rejected(book: Book) -> set[str]:
    return {row.id for row in book.tally("error").outcomes if row.verdict == "fail"}


def on_bad(spoil: Callable[[Call], Outcome]) -> Spoil:
    """Spoils the answers to input that was refused."""
    return lambda call, was: was if was.raised is None else spoil(call)


def one(call: Call) -> Outcome:
    return Outcome(value=stored(np.array([1.0]), call.dtype))


def notes(book: Book, case: str) -> list[str]:
    return [fault.note for fault in book.faults if fault.case.id.endswith(f"/{case}")]


def test_an_honest_target_refuses_all_and_is_unharmed() -> None:
    for loss in ("l1", "mse", "kl_divergence"):  # where shapes and types are all that is rejected
        book = worked(block(loss), "error")
        assert faults(book) == set()
        assert {row.verdict for row in book.tally("error").outcomes} == {"pass"}


def test_input_that_must_be_refused_and_is_taken_is_told() -> None:
    book = worked(L1, "error", spoil=on_bad(one))
    assert faults(book) == {("error", "error")}
    assert book.faults[0].note.startswith("accepted in silence, and gave float32[1]")
    assert rejected(book) >= {"lengths-differ", "unknown-reduction"}


def test_input_that_is_taken_only_with_gradients_asked_for_is_told() -> None:
    book = worked(L1, "error", spoil=lambda call, was: one(call) if _bad_steep(call, was) else was)
    assert faults(book) == {("error", "error")}
    assert "accepted in silence with gradients asked for" in book.faults[0].note


def _bad_steep(call: Call, was: Outcome) -> bool:
    return was.raised is not None and bool(call.gradient)


def test_another_exception_with_gradients_asked_for_is_told() -> None:
    def spoil(call: Call, was: Outcome) -> Outcome:
        return refused("KeyError") if _bad_steep(call, was) else was

    book = worked(L1, "error", spoil=spoil)
    assert faults(book) == {("error", "wrong-exception")}
    assert "raised KeyError with gradients asked for" in book.faults[0].note


def test_another_exception_than_the_declared_one_is_told() -> None:
    book = worked(L1, "error", spoil=on_bad(lambda _: refused("KeyError")))
    assert faults(book) == {("error", "wrong-exception")}
    assert book.faults[0].note == "raised KeyError; the binding declares RuntimeError"


def test_an_exception_derived_from_the_declared_one_will_do() -> None:
    derived = Raised(("Narrower", "ValueError", "RuntimeError", "Exception"), "no")
    assert faults(worked(L1, "error", spoil=on_bad(lambda _: Outcome(raised=derived)))) == set()


def test_a_death_on_bad_input_is_told() -> None:
    dead = Outcome(death=Died("crash", "it fell over"))
    assert faults(worked(L1, "error", spoil=on_bad(lambda _: dead))) == {("error", "crash")}


def test_a_refusal_that_changes_its_arguments_is_told() -> None:
    book = worked(
        L1, "error", spoil=lambda _, was: replace(was, mutated=("target",)) if was.raised else was
    )
    assert faults(book) == {("error", "mutation")}


@pytest.mark.parametrize(
    ("loss", "name", "made", "words"),
    [
        (
            "cross_entropy", "negative-target",
            lambda call: {"target": call.inputs["target"] % call.inputs["logits"].shape[-1]},
            "which equals the loss of class -1 taken from the end",
        ),
        (
            "cross_entropy", "target-past-the-last-class", None, "which is zero",
        ),
        (
            "mse", "column-against-row",
            lambda call: dict(zip(call.inputs, np.broadcast_arrays(*call.inputs.values()),
                                  strict=True)),
            "which equals the broadcast",
        ),
        (
            "mse", "one-target-for-all",
            lambda call: dict(zip(call.inputs, np.broadcast_arrays(*call.inputs.values()),
                                  strict=True)),
            "which equals the broadcast",
        ),
        ("mse", "whole-numbers", lambda call: {n: a * 1.0 for n, a in call.inputs.items()},
            "which equals the loss of the same numbers in the legal type"),
    ],
)  # fmt: skip
def test_silent_acceptance_says_what_the_value_equals(
    loss: str, name: str, made: Any, words: str
) -> None:
    def taken(call: Call) -> Outcome:
        if made is None:
            return Outcome(value=stored(np.zeros(1), call.dtype))
        try:
            return honest(replace(call, inputs={**call.inputs, **made(call)}))
        except (ValueError, IndexError):  # another reject
            return refused()

    assert words in notes(worked(block(loss), "error", spoil=on_bad(taken)), name)[0]


def test_an_unknown_reduction_that_is_taken_for_none_is_named() -> None:
    def taken(call: Call) -> Outcome:
        if call.reduction != "average":
            return refused("RuntimeError")
        return honest(replace(call, reduction="sum"))

    (note, _) = notes(worked(L1, "error", spoil=on_bad(taken)), "unknown-reduction")
    assert "which equals the reduction" in note


class Harmed:
    """Good answers change once input was refused."""

    def __init__(self, harm: Callable[[Outcome], Outcome]) -> None:
        self.seen = False
        self.harm = harm

    def __call__(self, call: Call, was: Outcome) -> Outcome:
        if was.raised is not None:
            self.seen = True
            return was
        return self.harm(was) if self.seen else was


def off(was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=changed(was.value, one_off))


def another_gradient(was: Outcome) -> Outcome:
    return replace(
        was, gradients={name: changed(each, np.negative) for name, each in was.gradients.items()}
    )


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (off, "mutation"),
        (another_gradient, "mutation"),
        (lambda _: refused(), "exception"),
        (lambda was: replace(was, gradient_raised=refused().raised), "exception"),
        (lambda _: Outcome(death=Died("crash", "gone")), "crash"),
    ],
)
def test_a_good_call_that_fares_otherwise_after_a_refusal_is_told(harm: Any, kind: str) -> None:
    book = worked(L1, "error", spoil=Harmed(harm))
    assert faults(book) == {("error", kind)}
    assert "after input was refused" in book.faults[0].note


def a_little_off(was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=changed(was.value, lambda x: one_off(x, 1 + 2**-23)))


def test_the_finding_says_what_was_what_is_and_what_is_true() -> None:
    note = worked(L1, "error", spoil=Harmed(off)).faults[0].note
    assert re.search(
        r"gives otherwise than before: the loss is \S+, else \S+, and \S+ is true", note
    )


def test_a_last_digit_that_differs_within_the_bound_is_no_harm() -> None:
    assert faults(worked(L1, "error", spoil=Harmed(a_little_off))) == set()


def test_a_callable_that_remembers_a_refusal_is_caught_by_error_alone() -> None:
    others = {each.id: "not the matter here" for each in LOSSES["mse"].rejects}
    del others["lengths-differ"]
    rejects = {"lengths-differ": "ValueError"}
    found = run("harmed_by_refusals", rejects=rejects, unchecked=others)
    assert failing(found) == {"error": {"mutation"}}
