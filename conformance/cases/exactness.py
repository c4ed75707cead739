"""Numbers made coarse, so that what an invariant adds to them is added exactly."""

from __future__ import annotations

import math

import numpy as np

from conformance.cases.case import Array
from conformance.cases.streams import Floats
from conformance.numerics.formats import FLOAT64, Format, representable, ulp


def floats(array: Array) -> Floats:
    return np.asarray(array, dtype=np.float64)


def finite(*arrays: Array) -> bool:
    return all(bool(np.isfinite(each).all()) for each in arrays)


def room(form: Format, *arrays: Array, least: float = 1.0) -> float | None:
    """A power of two, twice all magnitudes at least, that the format can still double."""
    top = max((float(np.abs(each).max()) for each in arrays if each.size), default=0.0)
    if top > form.largest / 16.0:
        return None
    return max(least, 2.0 ** (math.frexp(top)[1] + 1))


def coarse(array: Array, power: float, form: Format) -> Floats:
    """Multiples of the ulp at `power`: sums of two that stay below its double are exact."""
    grid = float(ulp(power, form))
    return np.asarray(np.rint(floats(array) / grid) * grid)


def scaled(array: Array, exponent: int, form: Format) -> Floats | None:
    """Times 2^exponent; None where that leaves the normal numbers, so that it is not exact."""
    given = floats(array)
    with np.errstate(over="ignore"):
        made = np.ldexp(given, exponent)
    small = (np.abs(made) < form.smallest_normal) & (given != 0)
    if small.any() or not np.isfinite(made).all() or not representable(made, form).all():
        return None
    return np.asarray(made)


def largest_shift(form: Format) -> float:
    """A logit whose exponential overflows in the format and in float32."""
    return 1024.0 if form is FLOAT64 else 128.0
