"""Numbers that move along a direction: power series in t, cut after the linear term."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flint import arb

from conformance.oracle.extended import ZERO, Extended, finite


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """`value` + `rate` t, both enclosed; order and sign are those of the value alone.

    A formula that is run on values and slopes of this kind gives second derivatives: the rate of a
    slope is what the direction makes of it (Moore, Kearfott, Cloud 2009, ch. 9). Only for finite
    numbers.
    """

    value: arb
    rate: arb

    def __add__(self, other: Any) -> Series:
        b = series(other)
        return Series(self.value + b.value, self.rate + b.rate)

    __radd__ = __add__

    def __neg__(self) -> Series:
        return Series(-self.value, -self.rate)

    def __sub__(self, other: Any) -> Series:
        return self + -series(other)

    def __rsub__(self, other: Any) -> Series:
        return series(other) + -self

    def __mul__(self, other: Any) -> Series:
        b = series(other)
        return Series(self.value * b.value, self.value * b.rate + self.rate * b.value)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Series:
        b = series(other)
        quotient = self.value / b.value
        return Series(quotient, (self.rate - quotient * b.rate) / b.value)

    def __rtruediv__(self, other: Any) -> Series:
        return series(other) / self

    def exp(self) -> Series:
        power = self.value.exp()
        return Series(power, power * self.rate)

    def log(self) -> Series:
        return Series(self.value.log(), self.rate / self.value)

    def sqrt(self) -> Series:
        root = self.value.sqrt()
        return Series(root, self.rate / (2 * root))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > series(other).value)

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < series(other).value)

    def is_zero(self) -> bool:
        return bool(self.value.is_zero())

    def is_finite(self) -> bool:
        return bool(self.value.is_finite() and self.rate.is_finite())

    def is_exact(self) -> bool:
        """No: a number that moves is no constant, whatever its radius."""
        return False

    def contains(self, number: Any) -> bool:
        return bool(self.value.contains(number))

    def union(self, other: Any) -> Series:
        b = series(other)
        return Series(self.value.union(b.value), self.rate.union(b.rate))


def series(number: Any) -> Series:
    return number if isinstance(number, Series) else Series(arb(number), ZERO)


def rate_of(number: Extended) -> Extended:
    """The linear term; 0 of a constant, and unknown of what is not finite."""
    if isinstance(number, Series):
        return number.rate
    return ZERO if finite(number) else math.nan


def still(number: Extended) -> Extended:
    """The constant term."""
    return number.value if isinstance(number, Series) else number


def moves(number: Extended) -> bool:
    return isinstance(number, Series)
