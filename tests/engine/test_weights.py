"""Gradients by weights: asked where a target gives them, and what is said where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.engine.weights import PROPERTY, TOGETHER
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome, Raised
from tests.engine.honest import block, case, changed, faults, one_off, worked

WEIGHTED = "mse/float32/typical/7/mean/weight=typical/s3"


@pytest.mark.parametrize("loss", ["l1", "mse", "nll", "cross_entropy", "binary_cross_entropy"])
def test_every_reduction_is_asked_alone_and_together(loss: str) -> None:
    of = block(loss)
    book = worked(of, PROPERTY)
    assert faults(book) == set()
    rows = book.tally(PROPERTY).outcomes
    assert {each.id for each in rows} == {"by-weight", TOGETHER}
    assert len(rows) == 2 * len(of.loss.reductions)
    assert book.tally(PROPERTY).elements > 0


def test_both_weights_of_a_loss_are_differentiated() -> None:
    book = worked(block("binary_cross_entropy_with_logits"), PROPERTY)
    assert faults(book) == set()
    rows = {each.id for each in book.tally(PROPERTY).outcomes}
    assert rows == {"by-weight", "by-pos-weight", TOGETHER}


@pytest.mark.parametrize("word", ["by-weight", TOGETHER])
def test_a_slope_by_a_weight_that_is_off_is_told(word: str) -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        if (len(call.gradient) > 1) is not (word == TOGETHER) or "weight" not in was.gradients:
            return was
        return replace(
            was,
            gradients={**was.gradients, "weight": changed(was.gradients["weight"], one_off)},
        )

    book = worked(block("mse"), PROPERTY, [case(WEIGHTED)], off)
    assert faults(book) == {(PROPERTY, "gradient")}
    assert {fault.case.id.rpartition("+")[2] for fault in book.faults} == {word}
    assert {fault.input for fault in book.faults} == {"weight"}


def test_a_refusal_is_not_applicable_and_gives_the_framework_s_reason() -> None:
    def refusing(call: Call, was: Outcome) -> Outcome:
        return replace(was, value=None, raised=Raised(("RuntimeError",), "not differentiable"))

    book = worked(block("cross_entropy"), PROPERTY, [], refusing)
    assert faults(book) == set()
    assert {each.verdict for each in book.tally(PROPERTY).outcomes} == {"n/a"}
    assert {*book.skipped[PROPERTY]} == {"not differentiated: RuntimeError: not differentiable"}


def test_a_gradient_that_does_not_come_is_not_applicable() -> None:
    """Fused kernels take weights as constants, as torch's own do."""

    def silent(call: Call, was: Outcome) -> Outcome:
        kept = {name: each for name, each in was.gradients.items() if name != "weight"}
        return replace(was, gradients=kept)

    book = worked(block("mse"), PROPERTY, [], silent)
    assert faults(book) == set()
    assert {*book.skipped[PROPERTY]} == {
        "not differentiated: autograd finds no path from the loss to weight"
    }


def test_losses_without_weights_and_companions_say_so() -> None:
    book = worked(block("kl_divergence"), PROPERTY)
    assert {*book.skipped[PROPERTY]} == {"the loss has no weights that are arrays"}
