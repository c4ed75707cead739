"""Whether a program agrees with the oracle to within its own derived bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.numerics import IDEAL64, Bounded, run_bounded
from conformance.numerics.formats import Floats
from conformance.oracle import (
    Enclosures,
    derivatives,
    distances,
    evaluate,
    midpoints,
    radii,
    weight_derivatives,
)
from conformance.specs.models import Loss
from reference import Program

#: Half the smallest subnormal is no float64: bounds count no rounding down there, so 32 are let by.
SLACK = 16 * 2.0**-1074

VALUE = "value"

Cotangent = Callable[[tuple[int, ...]], Floats]


def bell(seed: int) -> Cotangent:
    """Normal cotangents of any shape."""
    return lambda shape: np.random.default_rng(seed).standard_normal(shape)


_PLAIN = bell(0)


@dataclass(frozen=True)
class Call:
    """A loss, what it is called with, and the cotangent that its gradient is taken along."""

    loss: Loss
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]
    reduction: str
    choices: Mapping[str, str]
    along: Cotangent = _PLAIN

    def keywords(self) -> dict[str, Any]:
        conventions = {name.replace("-", "_"): text for name, text in self.choices.items()}
        return {**self.parameters, "reduction": self.reduction, **conventions}


@dataclass(frozen=True)
class Disagreement:
    """The first element that lies further from the truth than its bound."""

    where: str
    index: tuple[int, ...]
    actual: float
    expected: float
    distance: float
    bound: float


@dataclass(frozen=True)
class Comparison:
    """A value or gradient against the truth; `share` is the largest distance / bound.

    `excused` counts the elements that are no number because an intermediate left float64, as the
    bound foretells, and a NaN in place of an infinite slope of one loss that is infinite or NaN
    itself (a slope that underflowed, over a divisor of zero). They have no part in `share`.
    """

    quantity: str
    elements: int
    excused: int
    share: float
    disagreement: Disagreement | None


@dataclass(frozen=True)
class Truth:
    """The oracle's enclosures of a call; `slopes` is None where they are not asked for.

    `weights` holds those by parameters that are arrays.
    """

    value: Enclosures
    cotangent: Floats
    slopes: Mapping[str, Enclosures] | None
    weights: Mapping[str, Enclosures] = field(default_factory=dict)


def truth_of(call: Call, *, gradient: bool = True) -> Truth:
    """Ask the oracle; raises PrecisionError where a choice in the formula stays open."""
    given = (call.loss, call.inputs, call.parameters, call.reduction, call.choices)
    value = evaluate(*given)
    cotangent = call.along(value.shape)
    if not gradient:
        return Truth(value, cotangent, None)
    slopes = derivatives(*given, cotangent)
    return Truth(value, cotangent, slopes, weight_derivatives(*given, cotangent))


def compare(
    call: Call, program: Program, truth: Truth, *, sound: Program | None = None
) -> list[Comparison]:
    """Compare a program with the truth: its value, and each gradient, by inputs and by weights.

    With `sound` the bounds are those of that program, and `program` gives plain values: one that is
    inaccurate would otherwise be excused by its own bounds.
    """
    arguments = tuple(np.asarray(call.inputs[name]) for name in call.loss.inputs)
    value, bound = _run("value", program, sound, arguments, call)
    made = [_compared(VALUE, value, bound, truth.value)]
    if truth.slopes is not None:
        along = (*arguments, truth.cotangent)
        made += _slopes("gradient", program, sound, along, call, truth.slopes, truth.value)
        if program.weights is not None:
            made += _slopes("weights", program, sound, along, call, truth.weights, truth.value)
    return made


def _slopes(
    part: str,
    program: Program,
    sound: Program | None,
    arguments: Any,
    call: Call,
    slopes: Mapping[str, Enclosures],
    value: Enclosures,
) -> list[Comparison]:
    """Each gradient that one of the programs gives."""
    undefined = value.shape == () and not np.isfinite(midpoints(value))
    values, bounds = _run(part, program, sound, arguments, call)
    if values.keys() != slopes.keys():
        raise KeyError(f"gradients of {call.loss.id} by {[*values]}, not {[*slopes]}")
    return [
        _compared(name, values[name], bounds[name], each, undefined=bool(undefined))
        for name, each in slopes.items()
    ]


def disagreements(
    call: Call, program: Program, *, sound: Program | None = None, truth: Truth | None = None
) -> list[Disagreement]:
    """What is found wrong in a program; nothing found means agreement."""
    made = compare(call, program, truth or truth_of(call), sound=sound)
    return [each.disagreement for each in made if each.disagreement is not None]


def _run(part: str, program: Program, sound: Program | None, arguments: Any, call: Call) -> Any:
    """The values of a program, and the bounds of the same or of another."""
    bounds = run_bounded(getattr(sound or program, part), IDEAL64, arguments, call.keywords())
    if sound is None:
        bare = {name: each.value for name, each in bounds.items()} if part != "value" else None
        return (bounds.value if bare is None else bare), bounds
    return getattr(program, part)(*arguments, **call.keywords()), bounds


def _compared(
    quantity: str,
    actual: Floats,
    bounds: Bounded,
    truth: Enclosures,
    *,
    undefined: bool = False,
) -> Comparison:
    actual = np.asarray(actual)
    if actual.shape != truth.shape:
        shape = Disagreement("shape", actual.shape, np.nan, np.nan, np.inf, 0.0)
        return Comparison(quantity, truth.size, 0, np.inf, shape)
    distance = distances(truth, actual)
    bound = np.maximum(bounds.bound, SLACK) + 2.0 * radii(truth)
    with np.errstate(all="ignore"):
        share = np.where(distance == 0.0, 0.0, distance / bound)
    near = (share <= 1.0) & np.isfinite(distance)
    centre = midpoints(truth)
    early = bounds.overflow & ~np.isfinite(actual) & ~np.isnan(centre)
    excused = ~near & (early | (undefined & np.isnan(actual) & np.isinf(centre)))
    wrong = ~(near | excused)
    largest = float(np.max(share[~excused & ~np.isnan(share)], initial=0.0))
    found = None
    if wrong.any():
        index = tuple(int(k) for k in np.argwhere(wrong)[0])
        expected = float(centre[index])
        got, apart, allowed = (float(each[index]) for each in (actual, distance, bound))
        found = Disagreement(quantity, index, got, expected, apart, allowed)
    return Comparison(quantity, truth.size, int(excused.sum()), largest, found)
