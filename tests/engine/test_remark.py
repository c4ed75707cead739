"""At a kink the finding says what a subgradient is and which one the binding declares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.given import parse_given
from conformance.oracle import derivatives
from conformance.specs.choice import Choice
from conformance.targets.binding_file import load_bindings
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import FRAMEWORKS, Target
from tests.engine.honest import LOSSES, block, changed, worked

KINK = "l1/float32/given/prediction=0x1p+1,target=0x1p+1/none/along:cotangent=0x1p+1"


@pytest.mark.parametrize(
    ("slope", "where"),
    [
        (2.0, "is 2, a subgradient in [-2, 2], but the binding declares 0"),
        (3.0, "is 3, outside the subgradients [-2, 2], of which the binding declares 0"),
    ],
)
def test_a_slope_at_a_kink_is_held_to_interval_and_declaration(slope: float, where: str) -> None:
    asked = parse_given(KINK)

    def spoil(call: Call, was: Outcome) -> Outcome:
        found = {
            name: changed(each, lambda x: x * 0 + slope) for name, each in was.gradients.items()
        }
        return replace(was, gradients=found)

    book = worked(block("l1"), "value", [asked], spoil)
    by_prediction = next(fault for fault in book.faults if fault.input == "prediction")
    assert f"at the kink {where}" in by_prediction.note.replace("  ", " ")
    assert by_prediction.rule.startswith("at a kink the gradient is the subgradient")


@pytest.mark.parametrize("framework", sorted({"torch", "keras", "tensorflow", "optax"}))
def test_what_a_binding_declares_at_a_kink_is_a_subgradient(framework: str) -> None:
    """The oracle gives the interval once nothing is declared."""
    assert framework in FRAMEWORKS
    binding = load_bindings(Target.parse(framework)).get("l1")
    if binding is None or binding.absent is not None:
        pytest.skip(f"{framework} has no l1")
    loss = LOSSES["l1"]
    bare = {name: each for name, each in loss.conventions.items() if name != "gradient-at-kink"}
    undeclared = loss.model_copy(update={"conventions": bare})
    inputs = {"prediction": np.ones(1), "target": np.ones(1)}
    slope = derivatives(undeclared, inputs, {}, "none")["prediction"][0]
    assert slope.kink
    declared = Choice.parse(binding.conventions["gradient-at-kink"]).argument
    assert slope.distance(declared) == 0
    assert slope.distance(1.5) > 0
