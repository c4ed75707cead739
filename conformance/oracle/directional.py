"""The oracle along a direction: how the value moves, and how its gradient does, enclosed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flint import ctx

from conformance.oracle.along import forward_along, rates_by_inputs
from conformance.oracle.enclosure import Enclosures
from conformance.oracle.evaluation import call_of, cotangent_of, outcomes_of, settled_answer
from conformance.specs.models import Loss


@dataclass(frozen=True)
class Directional:
    """What a direction makes of the value, and of the gradient by every real input."""

    forward: Enclosures
    second: dict[str, Enclosures]


def directional(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    tangents: Mapping[str, Any],
    reduction: str = "mean",
    choices: Mapping[str, str] | None = None,
    cotangent: Any = None,
) -> Directional:
    """Enclose the derivative of the value, and of the gradient along a cotangent, by a direction.

    `tangents` holds the direction, an array for every real input; all numbers must be finite. Every
    number is run as a power series along it: second derivatives from one term more than the first.
    A gradient that is so by declaration is what is differentiated. At a kink an enclosure is marked
    as one and says nothing. Raises as `evaluate`.
    """
    call = call_of(loss, inputs, parameters, reduction, choices, slopes="inputs", tangents=tangents)
    weights = cotangent_of(call, cotangent)

    def attempt(bits: int) -> dict[str, Enclosures]:
        outcomes = outcomes_of(call, bits)
        losses = [outcome.loss for outcome in outcomes]
        terms = [outcome.divisor for outcome in outcomes]
        with ctx.workprec(bits):
            plain = call.reducer.gradient(losses, terms, [1.0] * weights.size)
            parts = call.reducer.gradient(losses, terms, weights.ravel().tolist())
            forward = forward_along(call.samples, call.reducer, plain)
            return {"": forward, **rates_by_inputs(call.samples, parts)}

    found = settled_answer(attempt)
    return Directional(found.pop(""), found)
