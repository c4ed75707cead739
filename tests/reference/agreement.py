"""Whether a program agrees with the oracle to within its own derived bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.numerics import IDEAL64, Bounded, run_bounded
from conformance.oracle import Enclosures, derivatives, distances, evaluate, midpoints, radii
from conformance.specs.models import Loss
from reference import Program

#: Half the smallest subnormal is no float64: bounds count no rounding down there, so 32 are let by.
SLACK = 16 * 2.0**-1074


@dataclass(frozen=True)
class Call:
    """A loss, what it is called with, and the numbers a cotangent is drawn with."""

    loss: Loss
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]
    reduction: str
    choices: Mapping[str, str]
    seed: int = 0

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
class Truth:
    """The oracle's enclosures of a call; `slopes` is None where they are not asked for."""

    value: Enclosures
    cotangent: np.ndarray
    slopes: Mapping[str, Enclosures] | None


def truth_of(call: Call, *, gradient: bool = True) -> Truth:
    """Ask the oracle, for a random cotangent."""
    given = (call.loss, call.inputs, call.parameters, call.reduction, call.choices)
    value = evaluate(*given)
    cotangent = np.random.default_rng(call.seed).standard_normal(value.shape)
    return Truth(value, cotangent, derivatives(*given, cotangent) if gradient else None)


def disagreements(
    call: Call, program: Program, *, sound: Program | None = None, truth: Truth | None = None
) -> list[Disagreement]:
    """Compare a program with the truth, the oracle's by default; nothing found means agreement.

    With `sound` the bounds are those of that program, and `program` gives plain values: one that is
    inaccurate would otherwise be excused by its own bounds.
    """
    truth = truth or truth_of(call)
    arguments = tuple(np.asarray(call.inputs[name]) for name in call.loss.inputs)
    found = _compare("value", *_run("value", program, sound, arguments, call), truth.value)
    if truth.slopes is not None:
        arguments = (*arguments, truth.cotangent)
        values, bounds = _run("gradient", program, sound, arguments, call)
        assert values.keys() == truth.slopes.keys()
        for name, slopes in truth.slopes.items():
            found += _compare(name, values[name], bounds[name], slopes)
    return found


def _run(part: str, program: Program, sound: Program | None, arguments: Any, call: Call) -> Any:
    """The values of a program, and the bounds of the same or of another."""
    bounds = run_bounded(getattr(sound or program, part), IDEAL64, arguments, call.keywords())
    if sound is None:
        bare = {name: each.value for name, each in bounds.items()} if part == "gradient" else None
        return (bounds.value if bare is None else bare), bounds
    return getattr(program, part)(*arguments, **call.keywords()), bounds


def _compare(
    where: str, actual: np.ndarray, bounds: Bounded, truth: Enclosures
) -> list[Disagreement]:
    actual = np.asarray(actual)
    if actual.shape != truth.shape:
        return [Disagreement(f"shape of {where}", actual.shape, np.nan, np.nan, np.inf, 0.0)]
    distance = distances(truth, actual)
    bound = np.maximum(bounds.bound, SLACK) + 2.0 * radii(truth)
    early = bounds.overflow & ~np.isfinite(actual) & ~np.isnan(midpoints(truth))
    near = (distance == 0.0) | ((distance <= bound) & np.isfinite(distance))
    wrong = ~(near | early)
    if not wrong.any():
        return []
    index = tuple(int(k) for k in np.argwhere(wrong)[0])
    expected = float(midpoints(truth)[index])
    got, apart, allowed = actual[index], distance[index], bound[index]
    return [Disagreement(where, index, float(got), expected, float(apart), float(allowed))]
