"""Where a number stands on an axis, and which numbers are worth a tick."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# Exponent of the smallest normal; not taken from `numerics`, which would import NumPy for a page.
_EMIN = {"float64": -1022, "float32": -126, "bfloat16": -126, "float16": -14}


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Axis:
    """A linear map from [low, high] to [start, stop] in drawing units, clamped to its ends."""

    low: float
    high: float
    start: float
    stop: float

    def place(self, number: float) -> float:
        span = (self.high - self.low) or 1.0
        part = min(max((number - self.low) / span, 0.0), 1.0)
        return self.start + part * (self.stop - self.start)


def ordinal(number: float, dtype: str) -> float:
    """Position among the floats of `dtype`, in binades: equal steps hold equally many floats.

    The subnormals fill the first binade, linearly; zero is 0; the map is odd and monotone.
    """
    emin = _EMIN.get(dtype, -126)
    size = abs(number)
    smallest = math.ldexp(1.0, emin)
    if size < smallest:
        position = size / smallest
    else:
        fraction, exponent = math.frexp(size)
        position = exponent - 1 - emin + 1 + (2 * fraction - 1)
    return math.copysign(position, number)


def spaced(
    candidates: Iterable[tuple[float, str]], place: Callable[[float], float], gap: float
) -> tuple[Tick, ...]:
    """Take candidates in order of merit while they keep `gap` units from those taken."""
    taken: list[Tick] = []
    for number, label in candidates:
        at = place(number)
        if all(abs(at - tick.at) >= gap for tick in taken):
            taken.append(Tick(round(at, 1), label))
    return tuple(sorted(taken, key=lambda tick: tick.at))
