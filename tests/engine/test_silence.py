"""Nothing comes back from what takes no part, and the finding says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.given import parse_given
from conformance.engine.silence import IGNORED, MASKED, WEIGHTLESS, silences
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, block, changed, faults, worked

Floats = np.ndarray

IGNORING = "cross_entropy/float32/given/logits.2x2=0x0p+0,0x1p+0,0x1p+1,0x0p+0,target=-100,1/sum"
WEIGHTED = (
    "mse/float32/given/prediction=0x1p+0,0x1p+1,target=0x0p+0,0x0p+0/none/weight.2=0x0p+0,0x1p+0"
)
CLASS_WEIGHT = (
    "nll/float32/given/log_probabilities.2x2=-0x1p+0,-0x1p+1,-0x1p+0,-0x1p+0,target=0,1/mean/"
    "weight.2=0x0p+0,0x1p+0"
)
MASKING = "cross_entropy/float32/given/logits.1x3=0x0p+0,-inf,0x1p+0,target=0/none"


def spoiled(text: str, number: float, at: int) -> object:
    """The book of `gradient` after one element of each gradient was replaced."""
    asked = parse_given(text)

    def change(values: Floats) -> Floats:
        values.reshape(-1)[at] = number
        return values

    def spoil(call: Call, was: Outcome) -> Outcome:
        name = next(iter(was.gradients))
        return replace(was, gradients={**was.gradients, name: changed(was.gradients[name], change)})

    return worked(block(asked.loss, asked.dtype), "value", [asked], spoil)


CASES = [
    pytest.param(IGNORING, IGNORED, id="ignored"),
    pytest.param(WEIGHTED, WEIGHTLESS, id="weight of zero"),
    pytest.param(CLASS_WEIGHT, WEIGHTLESS, id="class weight of zero"),
]


@pytest.mark.parametrize(("text", "reason"), CASES)
@pytest.mark.parametrize("number", [0.25, 1e-45, np.inf])
def test_any_number_but_zero_is_told_with_its_reason(text: str, reason: str, number: float) -> None:
    book = spoiled(text, number, 0)
    found = [fault for fault in book.faults if fault.property == "gradient"]  # type: ignore[attr-defined]
    assert [fault.rule for fault in found] == [f"the gradient {reason} is exactly 0"]
    assert reason in found[0].note
    assert "must be exactly 0" in found[0].note


@pytest.mark.parametrize("number", [1e-45, 0.5])
def test_a_masked_logit_has_no_gradient(number: float) -> None:
    (fault,) = spoiled(MASKING, number, 1).faults  # type: ignore[attr-defined]
    assert fault.rule == f"the gradient {MASKED} is exactly 0"


def test_nan_where_value_and_gradient_are_finite_has_a_rule_of_its_own() -> None:
    (fault,) = spoiled(WEIGHTED, np.nan, 1).faults  # type: ignore[attr-defined]
    assert fault.kind == "nan"
    assert fault.rule == "no NaN gradient where value and true gradient are finite"
    assert "is NaN where value and true gradient are finite: " in fault.note


@pytest.mark.parametrize("text", [case.values[0] for case in CASES] + [MASKING])
def test_honest_answers_are_silent(text: str) -> None:
    asked = parse_given(text)
    assert faults(worked(block(asked.loss, asked.dtype), "value", [asked])) == set()


def test_a_masked_target_class_is_not_silent() -> None:
    asked = parse_given(MASKING.replace("target=0", "target=1"))
    expected = block("cross_entropy").held(asked).gradients(np.ones(1))["logits"]
    assert not silences(asked, LOSSES["cross_entropy"], "logits", expected)


def test_a_place_whose_gradient_is_zero_by_chance_may_be_off_by_the_bound() -> None:
    """Prediction and target agree: a difference that rounds to the least number is no fault."""
    text = "mse/float32/given/prediction=0x1p+0,target=0x1p+0/none"
    assert not spoiled(text, 1e-45, 0).faults  # type: ignore[attr-defined]
