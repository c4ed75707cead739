"""Real numbers as balls, and the infinities and NaN beside them, with the rules of IEEE 754.

A number here is an `arb` (finite, with a radius) or a Python float that is infinite or NaN; zero
has no sign. What the radius leaves open raises `Undecided`, and is computed again with more bits.
"""

import math
from fractions import Fraction
from typing import Any, TypeAlias

from flint import arb

Extended: TypeAlias = Any
"""An `arb` that is finite, or a float that is not."""

ZERO, ONE = arb(0), arb(1)


class Undecided(Exception):
    """The radius of a ball leaves open which way a computation goes; more bits may tell."""


def extended(value: float | int | Fraction) -> Extended:
    """Give a float exactly, a fraction as a ball."""
    if isinstance(value, Fraction):
        return arb(value.numerator) / value.denominator
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return arb(value)


def finite(value: Extended) -> bool:
    return not isinstance(value, float)


def is_nan(value: Extended) -> bool:
    return isinstance(value, float) and value != value


def known(value: Extended) -> Extended:
    """Give back a result that must be finite; raises Undecided where it grew out of bounds."""
    if not value.is_finite():
        raise Undecided("a ball without bounds; more bits are needed")
    return value


def sign(value: Extended) -> int:
    """Say -1, 0 or 1; raises Undecided for a ball about 0. Not for NaN."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    if isinstance(value, float) or not value.is_zero():
        raise Undecided("the sign of a ball about 0")
    return 0


def add(a: Extended, b: Extended) -> Extended:
    if finite(a):
        return known(a + b) if finite(b) else b
    return a if finite(b) else a + b


def multiply(a: Extended, b: Extended) -> Extended:
    if finite(a) and finite(b):
        return known(a * b)
    if is_nan(a) or is_nan(b):
        return math.nan
    direction = sign(a) * sign(b)
    return direction * math.inf if direction else math.nan


def negate(a: Extended) -> Extended:
    return -a


def divide(a: Extended, b: Extended) -> Extended:
    """Give a / b; a number over 0 is the infinity of the number's sign, 0 over 0 is NaN."""
    if is_nan(a) or is_nan(b) or not (finite(a) or finite(b)):
        return math.nan
    if not finite(b):
        return ZERO
    below = sign(b)
    if not below:
        above = sign(a)
        return above * math.inf if above else math.nan
    return known(a / b) if finite(a) else a * below


def exp(x: Extended) -> Extended:
    if finite(x):
        return known(x.exp())
    return ZERO if x < 0 else x


def log(x: Extended) -> Extended:
    """Give the logarithm: minus infinity at 0, NaN below."""
    if is_nan(x):
        return math.nan
    where = sign(x)
    if where <= 0:
        return math.nan if where else -math.inf
    return known(x.log()) if finite(x) else x


def sqrt(x: Extended) -> Extended:
    if is_nan(x):
        return math.nan
    where = sign(x)
    if where <= 0:
        return math.nan if where else ZERO
    return known(x.sqrt()) if finite(x) else x


def order(a: Extended, b: Extended) -> int:
    """Say -1, 0 or 1 for a below, at or above b; raises Undecided where the balls overlap.

    Not for NaN.
    """
    if finite(a) and finite(b):
        return sign(a - b)
    if finite(a) or finite(b):
        special = b if finite(a) else a
        return (1 if special < 0 else -1) * (1 if finite(a) else -1)
    return int(a > b) - int(a < b)
