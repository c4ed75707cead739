"""A number of the oracle: an enclosure of its value, and of its slope by every input entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

from conformance.oracle.extended import (
    ZERO,
    Extended,
    add,
    extended,
    is_nan,
    multiply,
    negate,
)
from conformance.oracle.series import moves, series

Entry: TypeAlias = tuple[str, int]
"""An entry of an input at one sample: the input's name, and the class (0 without a class axis)."""

NO_KINK: frozenset[Entry] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """A value, its partial derivatives, and the entries by which the derivative is a set.

    An entry that is absent from `slopes` has no influence. Where an entry is among `kinks`, its
    slope encloses every subgradient.
    """

    value: Extended
    slopes: dict[Entry, Extended] = field(default_factory=dict)
    kinks: frozenset[Entry] = NO_KINK

    def __add__(self, other: Any) -> Ball:
        b = ball(other)
        return Ball(add(self.value, b.value), merged(self.slopes, b.slopes), kinks_of(self, b))

    __radd__ = __add__

    def __neg__(self) -> Ball:
        return Ball(negate(self.value), scaled(self.slopes, negate), self.kinks)

    def __sub__(self, other: Any) -> Ball:
        return self + -ball(other)

    def __rsub__(self, other: Any) -> Ball:
        return ball(other) + -self

    def __mul__(self, other: Any) -> Ball:
        a, b = self, ball(other)
        slopes = merged(
            scaled(a.slopes, lambda slope: multiply(slope, b.value)),
            scaled(b.slopes, lambda slope: multiply(slope, a.value)),
        )
        return Ball(multiply(a.value, b.value), slopes, kinks_of(a, b))

    __rmul__ = __mul__

    def through(self, value: Extended, derivative: Callable[[], Extended]) -> Ball:
        """Give a function of this number, from the function's value and derivative there."""
        if not self.slopes:
            return Ball(value)
        factor = derivative()
        return Ball(value, scaled(self.slopes, lambda slope: multiply(slope, factor)), self.kinks)


def ball(number: Any) -> Ball:
    """Give a Python number as a constant, or a ball as it is."""
    if isinstance(number, Ball):
        return number
    if isinstance(number, bool | int | float | Fraction):
        return Ball(extended(number))
    raise TypeError(f"{type(number).__name__} is no number of the oracle")


def undefined(parts: Iterable[Ball]) -> Ball:
    """Give NaN, with a slope of NaN by every entry that takes part."""
    return Ball(math.nan, {entry: math.nan for part in parts for entry in part.slopes})


def scaled(
    slopes: dict[Entry, Extended], change: Callable[[Extended], Extended]
) -> dict[Entry, Extended]:
    return {entry: change(slope) for entry, slope in slopes.items()}


def merged(left: dict[Entry, Extended], right: dict[Entry, Extended]) -> dict[Entry, Extended]:
    """Add slopes entry by entry."""
    if not left or not right:
        return left or right
    result = dict(left)
    for entry, slope in right.items():
        result[entry] = add(result[entry], slope) if entry in result else slope
    return result


def kinks_of(*parts: Ball) -> frozenset[Entry]:
    return frozenset().union(*[part.kinks for part in parts])


def hull(slopes: list[Extended]) -> Extended:
    """Give a ball that holds all of some slopes; its radius is rounded outward in 30 bits."""
    result = slopes[0]
    for slope in slopes[1:]:
        if is_nan(result) or is_nan(slope):
            return math.nan
        if isinstance(result, float) or isinstance(slope, float):
            return result if result == slope else math.nan
        result = _union(result, slope)
    return result


def _union(a: Extended, b: Extended) -> Extended:
    return series(a).union(b) if moves(a) or moves(b) else a.union(b)


def joined(tied: list[Ball]) -> Ball:
    """Give one of several equal numbers, its slopes enclosing all of theirs."""
    entries = {entry for each in tied for entry in each.slopes}
    slopes, kinks = {}, set(kinks_of(*tied))
    for entry in entries:
        each = [part.slopes.get(entry, ZERO) for part in tied]
        slopes[entry] = hull(each)
        if any(not _same(slope, each[0]) for slope in each[1:]):
            kinks.add(entry)
    return Ball(tied[0].value, slopes, frozenset(kinks))


def _same(a: Extended, b: Extended) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return bool(a == b)
    return bool(a.is_exact() and b.is_exact() and a == b)
