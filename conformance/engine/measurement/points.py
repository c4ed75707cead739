"""Arguments to measure at: every number of a 16-bit format, a stratified sample of a wider one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from conformance.engine.measurement.functions import Function
from conformance.numerics.formats import (
    FLOAT64,
    Floats,
    Format,
    from_ordinal,
    ordinal,
    round_to,
)
from conformance.numerics.table import values_by_pattern

NEIGHBOURS = 16
"""Numbers on each side of a threshold that are tried."""
CHUNK = 1 << 20
"""Arguments a call: one shape, so that a compiler is asked once."""
SUBNORMAL = 16
"""One in so many is subnormal, which log-uniform numbers seldom are."""
FEWER = 32
"""Of the wanted arguments only one in so many in float64, whose truth is ball arithmetic."""


@dataclass(frozen=True)
class Points:
    """Arguments of one function in one format, one array an argument, exact in it."""

    arguments: tuple[Floats, ...]
    exhaustive: bool

    @property
    def count(self) -> int:
        return self.arguments[0].size


def points_of(function: Function, form: Format, count: int, seed: int) -> Points:
    """All arguments in the domain where the format has 16 bits, else `count` or more of them.

    Half of a sample lies log-uniformly over all exponents and both signs, the rest evenly in the
    intervals where something happens; beside them stand the neighbours of thresholds.
    """
    wide = form.bytes > 2
    if not wide and function.arguments == 1:
        every = values_by_pattern(form)
        return Points((_inside(every, function, form),), exhaustive=True)
    rng = np.random.default_rng([seed, form.precision])
    wanted = max(count // FEWER, 1) if form is FLOAT64 else count if wide else min(count, 1 << 18)
    first = _sample(function, form, wanted, rng)
    if function.arguments == 1:
        return Points((first,), exhaustive=False)
    return Points((first, _seconds(function, form, first, rng)), exhaustive=False)


def _inside(values: Floats, function: Function, form: Format) -> Floats:
    low, high = function.domain(form)
    kept: Floats = values[np.isfinite(values) & (values >= low) & (values <= high) & (values != 0)]
    return kept


def _sample(function: Function, form: Format, count: int, rng: np.random.Generator) -> Floats:
    low, high = function.domain(form)
    ends = ordinal(np.array([low, high]), form)
    spread = from_ordinal(rng.integers(ends[0], ends[1], count // 2 + 1, endpoint=True), form)
    share = count // 2 // len(function.dense) + 1
    dense = [rng.uniform(*interval, share) for interval in function.dense]
    small = rng.uniform(-form.smallest_normal, form.smallest_normal, count // SUBNORMAL + 1)
    near = _near(form, (low, high))
    near = rng.permutation(near)[: max(4 * count, 1024)]
    found = np.concatenate([near, spread, small, *dense])
    found = _inside(round_to(found, form), function, form)
    rng.shuffle(found)  # a vectorised kernel has a scalar tail: no stratum is always in it
    return found


def _near(form: Format, ends: tuple[float, float]) -> Floats:
    """The neighbours of what kernels branch on: powers of two, halves of log 2, ends of the domain."""
    powers = np.ldexp(1.0, np.arange(form.emin - form.precision + 1, form.emax + 1))
    logs = math.log(2.0) * 0.5 * np.arange(1.0, 2 * (form.emax + form.precision) + 2)
    others = np.array([0.375, 0.625, math.sqrt(0.5), math.sqrt(2.0), 1.5, 3.0, 9.0, 10.0, 20.0])
    size = np.concatenate([powers, logs[logs <= form.largest], others])
    around = np.concatenate([size, -size, 1.0 - size, size - 1.0, np.array(ends)])
    steps = np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    return from_ordinal((ordinal(around, form)[:, None] + steps).reshape(-1), form)


def _seconds(function: Function, form: Format, first: Floats, rng: np.random.Generator) -> Floats:
    """Second arguments, half of them of a size like the first's, the rest even in their interval."""
    assert function.second is not None
    even = rng.uniform(*function.second, first.size)
    whole = np.rint(even)
    pick = rng.integers(0, 3, first.size)
    if function.name == "divide":
        with np.errstate(over="ignore"):
            like = first * rng.uniform(0.25, 4.0, first.size)
        found = np.where(pick == 0, even, like)
    else:
        found = np.where(pick == 0, whole, even)
    found = round_to(np.clip(found, -form.largest, form.largest), form)
    return np.where(found == 0, 1.0, found)
