"""What the oracle answers: an enclosure of the truth, and its distance from a float."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb
from numpy.typing import NDArray

from conformance.oracle.extended import Extended, finite

#: Bits that a finite enclosure must have, unless its radius is below every float64 anyway.
RELATIVE_BITS = 80
ABSOLUTE_BITS = 1_130

Enclosures = NDArray[np.object_]
"""An array of `Enclosure`."""


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """A ball that holds the true value; or, where `kink`, a ball that holds every subgradient.

    The radius of a kink's ball is rounded outward in its 30th bit.
    """

    ball: Extended
    kink: bool = False

    @property
    def midpoint(self) -> float:
        """To nearest in float64; infinite where a finite truth is past the largest float64."""
        if not finite(self.ball):
            return float(self.ball)
        mantissa, exponent = (int(part) for part in self.ball.mid().man_exp())
        if not mantissa:
            return 0.0
        reach = mantissa.bit_length() + exponent
        past = math.inf if mantissa > 0 else -math.inf
        if reach > 1_025:
            return past
        if reach < -1_080:
            return 0.0
        try:
            return float(mantissa * Fraction(2) ** exponent)
        except OverflowError:
            return past

    @property
    def radius(self) -> float:
        """An upper bound in float64; infinite where it is out of range, 0 for an exact special."""
        return upper_float(self.ball.rad()) if finite(self.ball) else 0.0

    def distance(self, value: float) -> float:
        """An upper bound on |value - truth|: 0 for equal specials, infinite for different ones.

        At a kink the nearest subgradient counts. A finite truth past the largest float64 is at
        distance 0 from the infinity of its sign, as rounding gives that infinity.
        """
        if not finite(self.ball):
            same = self.ball == value or (math.isnan(self.ball) and math.isnan(value))
            return 0.0 if same else math.inf
        if not math.isfinite(value):
            return 0.0 if value == self.midpoint else math.inf
        if self.kink and self.ball.contains(arb(value)):
            return 0.0
        apart = abs(arb(value) - self.ball)
        return upper_float(apart.abs_lower() if self.kink else apart.abs_upper())

    def settled(self, margin: int = 0) -> bool:
        """Say whether the ball is as small as any float64 asks for, and by `margin` bits more."""
        if self.kink or not finite(self.ball):
            return True
        if self.ball.rel_accuracy_bits() >= RELATIVE_BITS + margin:
            return True
        return bool(self.ball.rad() < _NEGLIGIBLE)


_NEGLIGIBLE = arb(2) ** -ABSOLUTE_BITS


def upper_float(magnitude: Extended) -> float:
    """Round a non-negative ball up."""
    top = Enclosure(magnitude.upper()).midpoint
    return top if top == 0.0 and magnitude.is_zero() else math.nextafter(top, math.inf)


def midpoints(enclosures: Enclosures) -> NDArray[np.float64]:
    """Every midpoint, to nearest in float64."""
    flat = [enclosure.midpoint for enclosure in enclosures.ravel()]
    return np.array(flat, dtype=np.float64).reshape(enclosures.shape)


def radii(enclosures: Enclosures) -> NDArray[np.float64]:
    """Every radius, rounded up."""
    flat = [enclosure.radius for enclosure in enclosures.ravel()]
    return np.array(flat, dtype=np.float64).reshape(enclosures.shape)


def distances(enclosures: Enclosures, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """An upper bound on |value - truth| for each element; the shapes must agree."""
    if enclosures.shape != values.shape:
        raise ValueError(f"values: the shape is {values.shape}; it must be {enclosures.shape}")
    pairs = zip(enclosures.ravel(), values.ravel().tolist(), strict=True)
    flat = [enclosure.distance(value) for enclosure, value in pairs]
    return np.array(flat, dtype=np.float64).reshape(values.shape)


def array_of(enclosures: list[Enclosure], shape: tuple[int, ...]) -> Enclosures:
    """Arrange enclosures in the order of C."""
    result = np.empty(len(enclosures), dtype=object)
    result[:] = enclosures
    return result.reshape(shape)
