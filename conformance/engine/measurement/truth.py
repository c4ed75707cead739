"""True values, close enough to measure an ulp by: float64 where that is proved to do, else balls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from flint import arb, ctx

from conformance.engine.measurement.functions import Function
from conformance.numerics.formats import FLOAT64, Floats, Format, ulp

BITS = 160
MARGIN = 4.0
"""Ulp of float64 by which NumPy's functions may be off (release notes of 1.22): 2**-27 of float32's."""
SAMPLE = 256
"""Values that ball arithmetic checks of each array that float64 computed."""


class TruthError(RuntimeError):
    """Float64 is not as good here as it was taken to be."""


@dataclass(frozen=True)
class Truth:
    """True values as sums of two float64 numbers."""

    high: Floats
    low: Floats


def truth_of(function: Function, arguments: tuple[Floats, ...], form: Format) -> Truth:
    """The values of a function; raises TruthError where the sample is farther off than the margin."""
    if form is FLOAT64:
        return _by_balls(function, arguments)
    with np.errstate(all="ignore"):
        high = np.asarray(function.double(*arguments), dtype=np.float64)
    every = max(high.size // SAMPLE, 1)
    _check(function, tuple(each[::every] for each in arguments), high[::every])
    return Truth(high, np.zeros(high.shape))


def exactly(function: Function, arguments: Iterable[float]) -> Truth:
    """The value at one place, by ball arithmetic."""
    return _by_balls(function, tuple(np.array([each]) for each in arguments))


def _check(function: Function, arguments: tuple[Floats, ...], high: Floats) -> None:
    true = _by_balls(function, arguments)
    with np.errstate(all="ignore"):
        off = np.abs((high - true.high) - true.low) / ulp(true.high, FLOAT64)
    off = np.where(np.isfinite(high) & (np.abs(high) >= FLOAT64.smallest_normal), off, 0.0)
    if (off > MARGIN).any():
        place = int(np.argmax(off))
        given = ", ".join(repr(float(each[place])) for each in arguments)
        raise TruthError(
            f"{function.name}({given}) of NumPy is {off[place]:.3g} ulp of float64 off; "
            f"{MARGIN:g} are assumed"
        )


def _by_balls(function: Function, arguments: tuple[Floats, ...]) -> Truth:
    """Midpoints of 160 bits; a ball without bounds becomes NaN, which no error is measured by."""
    high, low = np.empty(arguments[0].shape), np.empty(arguments[0].shape)
    before, ctx.prec = ctx.prec, BITS
    try:
        for place, given in enumerate(zip(*(each.tolist() for each in arguments), strict=True)):
            value = function.ball(*[arb(each) for each in given])
            high[place] = _nearest(value)
            rest = value - arb(high[place]) if np.isfinite(high[place]) else arb(0)
            low[place] = float(rest.mid())
    finally:
        ctx.prec = before
    return Truth(high, low)


def _nearest(value: arb) -> float:
    """The midpoint as a float64; infinite past its largest number."""
    if not value.is_finite():
        return float("nan")
    try:
        return float(value.mid())
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
