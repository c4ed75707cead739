"""What is computed instead explains an answer that is right for it, and nothing off from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.cases.case import Case
from conformance.cases.given import explicit
from conformance.engine import known
from conformance.engine.book import Book
from conformance.engine.known import explainer
from conformance.numerics.formats import FORMATS, round_to
from conformance.targets.call import Call
from conformance.targets.known import Deviation
from conformance.targets.outcome import Array, Outcome
from tests.engine.honest import (
    LOSSES,
    Spoil,
    block,
    case,
    changed,
    honest,
    one_off,
    station,
    worked,
)

Held = Callable[[dict[str, Any], str, Case, Spoil], Book]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """The book of a property on one case, answers spoiled, with one listed deviation."""

    def book(listed: dict[str, Any], name: str, given: Case, spoil: Spoil) -> Book:
        deviation = Deviation.model_validate(
            {
                "id": "otherwise",
                "loss": (given.loss,),
                "property": ("value", "gradient", "second-order"),
                "reason": "It computes something else.",
                "source": "made up for this test",
                "since": "2026-01-01",
                **listed,
            }
        )
        monkeypatch.setattr(known, "load_known", lambda target: (deviation,))
        explain = explainer(station(), LOSSES)
        return worked(block(given.loss, given.dtype), name, (given,), spoil, explain)

    return book


def off(array: Array | None) -> Array:
    assert array is not None
    return changed(array, one_off)


def value_off(call: Call, was: Outcome) -> Outcome:
    return replace(was, value=off(was.value))


def unweighted(call: Call, was: Outcome) -> Outcome:
    return honest(replace(call, parameters={**call.parameters, "weight": None}))


WEIGHTED = "l1/float32/typical/7/none/weight=typical/s3"
UNWEIGHTED = {"expect": {"instead": {"parameters": {"weight": None}}}}


def test_a_parameter_that_is_dropped_explains_value_and_gradient(held: Held) -> None:
    book = held(UNWEIGHTED, "value", case(WEIGHTED), unweighted)
    assert book.faults == []
    assert [book.tally(name).verdict() for name in ("value", "gradient")] == ["known", "known"]


def test_a_value_that_is_off_from_what_is_computed_instead_fails(held: Held) -> None:
    book = held(
        UNWEIGHTED, "value", case(WEIGHTED), lambda c, was: value_off(c, unweighted(c, was))
    )
    assert book.tally("value").verdict() == "fail"
    assert book.tally("gradient").verdict() == "known"


def stored_labels(call: Call, was: Outcome) -> Outcome:
    target = round_to(call.inputs["target"], FORMATS[call.dtype]).astype(np.int64)
    return honest(replace(call, inputs={**call.inputs, "target": target}))


def test_a_label_that_is_rounded_is_another_class_and_no_third_one(held: Held) -> None:
    logits = (np.arange(600) * 37 % 101 / 8.0).reshape(2, 300)  # neighbours lie far apart
    labels = explicit(
        "cross_entropy", "bfloat16", {"logits": logits, "target": np.array([257, 3])}, {}, "none"
    )
    listed = {"when": {"where": "target > 256"}, "expect": {"instead": {"rounded": ("target",)}}}
    assert held(listed, "value", labels, stored_labels).faults == []

    def next_but_one(call: Call, was: Outcome) -> Outcome:
        return honest(replace(call, inputs={**call.inputs, "target": np.array([259, 3])}))

    assert held(listed, "value", labels, next_but_one).tally("value").verdict() == "fail"


def half_lost(call: Call, was: Outcome) -> Outcome:
    """The slope at zero logits without the weighted term, as abs and relu at 0 have none."""
    along = np.asarray(call.cotangent) * (1.0 - call.inputs["target"])
    slopes = was.gradients["logits"]
    lost = changed(slopes, lambda g: np.where(call.inputs["logits"] == 0, along, g))
    return replace(was, gradients={**was.gradients, "logits": lost})


def test_a_gradient_is_held_to_the_formula_of_what_is_computed_instead(held: Held) -> None:
    given = explicit(
        "binary_cross_entropy_with_logits",
        "float32",
        {"logits": np.array([0.0, 1.0, 0.0]), "target": np.array([0.25, 0.5, 1.0])},
        {"pos_weight": np.array([2.0, 3.0, 4.0])},
        "none",
    )
    listed = {
        "when": {"where": "logits == 0", "input": ("logits",)},
        "expect": {"instead": {"gradient": {"logits": "w * (1 - target)"}}},
    }
    assert held(listed, "value", given, half_lost).faults == []

    def worse(call: Call, was: Outcome) -> Outcome:
        found = half_lost(call, was)
        slopes = {name: off(each) for name, each in found.gradients.items() if name == "logits"}
        return replace(found, gradients={**found.gradients, **slopes})

    assert held(listed, "value", given, worse).tally("gradient").verdict() == "fail"


def test_an_input_whose_direction_is_dropped_explains_the_rest_of_the_movement(held: Held) -> None:
    given = case("cross_entropy_probabilities/float32/typical/3x4/mean/-/s1")
    listed = {
        "when": {"case": ("forward-over-reverse",), "input": ("logits",)},
        "expect": {"instead": {"still": ("target",)}},
    }

    def without_labels(call: Call, was: Outcome) -> Outcome:
        if call.derivative != "forward-over-reverse":
            return was
        labels = np.zeros(call.inputs["target"].shape)
        alone = honest(replace(call, tangents={**call.tangents, "target": labels}))
        return replace(was, curvature={**was.curvature, "logits": alone.curvature["logits"]})

    book = held(listed, "second-order", given, without_labels)
    assert book.faults == []
    assert book.tally("second-order").verdict() == "known"

    def worse(call: Call, was: Outcome) -> Outcome:
        found = without_labels(call, was)
        if call.derivative != "forward-over-reverse":
            return found
        return replace(
            found, curvature={**found.curvature, "logits": off(found.curvature["logits"])}
        )

    assert held(listed, "second-order", given, worse).tally("second-order").verdict() == "fail"


P, Q = "probabilities", "(1 - probabilities)"
SHIFTED = {
    "probabilities": f"w * (target / ({P} + 0.01) ** 2 + (1 - target) / ({Q} + 0.01) ** 2)"
    f" * d_probabilities - w * d_target / ({P} * {Q})"
}


@pytest.mark.parametrize(("shift", "verdict"), [(0.01, "known"), (0.02, "fail")])
def test_a_second_derivative_is_held_to_the_formula_of_what_is_computed_instead(
    held: Held, shift: float, verdict: str
) -> None:
    given = case("binary_cross_entropy/float32/typical/4/sum/-/s1")

    def shifted(call: Call, was: Outcome) -> Outcome:
        p, y, d = (
            call.inputs["probabilities"],
            call.inputs["target"],
            call.tangents.get("probabilities"),
        )
        if "probabilities" not in was.curvature or d is None:
            return was
        true = y / p**2 + (1 - y) / (1 - p) ** 2
        wrong = y / (p + shift) ** 2 + (1 - y) / (1 - p + shift) ** 2
        weight = call.parameters.get("weight")
        along = np.asarray(call.cotangent) * d * (1.0 if weight is None else weight)
        along = along / (p.size if call.reduction == "mean" else 1)
        moved = changed(was.curvature["probabilities"], lambda x: x + along * (wrong - true))
        return replace(was, curvature={**was.curvature, "probabilities": moved})

    listed = {"when": {"input": ("probabilities",)}, "expect": {"instead": {"second": SHIFTED}}}
    assert held(listed, "second-order", given, shifted).tally("second-order").verdict() == verdict
