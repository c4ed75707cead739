"""How far a value is from the truth, in words that are the same in terminal, file and report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from conformance.numerics.bounded import Bounded
from conformance.numerics.formats import Floats, Format, round_to, ulp


class Class(IntEnum):
    """From best to worst; `OPEN` is decided only by a bound."""

    EXACT_SPECIAL = 0
    CORRECTLY_ROUNDED = 1
    FAITHFUL = 2
    IDEAL = 3
    OWN = 4
    PREMATURE = 5
    EXCEEDS = 6
    WRONG = 7
    OPEN = 8

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", " ")


FAILURES = (Class.EXCEEDS, Class.WRONG)
NEAR_MISS = 8.0
"""Up to this many bounds an excess may be a gap in the profile; beyond it the value is wrong."""


@dataclass(frozen=True)
class Judgement:
    """Element by element: class, error in ulp of the target format, and share of the own bound.

    `ulps` and `share` are NaN where the error is not a number (a wrong class), infinite where the
    bound is zero and the error is not.
    """

    classes: NDArray[np.int8]
    ulps: Floats
    share: Floats

    @property
    def failed(self) -> NDArray[np.bool_]:
        return self.classes >= Class.EXCEEDS


BLOCK = 15 << 10
"""Elements that are looked at together, so that what a step leaves is still in the cache.

From 128 KiB on, the C library maps an array anew for every step: ten times the cost an element.
"""


def preliminary(actual: Floats, expected: Floats, form: Format) -> tuple[NDArray[np.int8], Floats]:
    """What is decided without a bound, and the error in ulp of the expected value; both flat.

    Special values, correctly rounded and faithful ones are decided, the rest is OPEN. The error is
    0 where equal specials meet and NaN where the classes differ.
    """
    classes, gap = np.empty(actual.size, dtype=np.int8), np.empty(actual.size)
    with np.errstate(all="ignore"):
        for start in range(0, actual.size, BLOCK):
            part = slice(start, start + BLOCK)
            classes[part], gap[part] = _at_sight(actual[part], expected[part], form)
    return classes, gap


def _at_sight(actual: Floats, expected: Floats, form: Format) -> tuple[NDArray[np.int8], Floats]:
    """One subtraction a class instead of a choice: half of a batch is rounded correctly, by chance,
    and a processor guesses every second such branch wrongly."""
    rounded = round_to(expected, form)
    gap = actual - expected
    np.abs(gap, out=gap)
    gap /= ulp(expected, form)
    same = actual == rounded
    special = same & (rounded == 0)
    odd = ~np.isfinite(gap)
    if odd.any():
        special |= odd & (same | (np.isnan(expected) & np.isnan(actual)))
        gap[odd] = np.where(special[odd], 0.0, np.nan)
        same |= special
        overflowed = odd & ~special & np.isfinite(actual) & np.isfinite(expected)
        gap[overflowed] = np.inf  # the distance itself left float64
    near = (gap < 1.0).view(np.int8)
    better = same.view(np.int8) + special.view(np.int8)
    return Class.OPEN - (Class.OPEN - Class.FAITHFUL) * near - better, gap


def settle(
    actual: Floats,
    expected: Floats,
    form: Format,
    own: Bounded,
    ideal: Bounded,
    truth: Bounded | None = None,
) -> tuple[NDArray[np.int8], Floats]:
    """Class of the elements left open, and the share of the own bound that each one uses.

    `truth` is the reference's own run in float64: its error is added to both bounds, and where one
    of its intermediates may have overflowed it has nothing to say. Without it the bounds are a
    little narrower: what passes so passes with it.
    """
    with np.errstate(all="ignore"):
        gap = np.abs(actual - expected)
        allowed = limit(own, form, truth)
        share = np.where(gap == 0, 0.0, gap / allowed)
        classes = np.full(expected.shape, Class.WRONG, dtype=np.int8)
        comparable = np.isfinite(actual) & np.isfinite(expected)
        classes[comparable & (share <= NEAR_MISS)] = Class.EXCEEDS
        classes[comparable & (share <= 1.0)] = Class.OWN
        classes[comparable & (gap <= limit(ideal, form, truth))] = Class.IDEAL
        undecided = ~np.isfinite(actual) & ~np.isnan(expected)
        reaches = np.abs(expected) + allowed >= form.overflow
        to_infinity = np.isinf(actual) & (np.sign(actual) == np.sign(expected)) & reaches
        classes[undecided & own.overflow] = Class.PREMATURE
        classes[undecided & to_infinity] = Class.OWN
        if truth is not None:
            classes[truth.overflow & (classes >= Class.EXCEEDS)] = Class.PREMATURE
    return classes, np.where(comparable, share, np.nan)


def limit(bounded: Bounded, form: Format, truth: Bounded | None) -> Floats:
    """The bound as it is applied: never below the smallest subnormal of the format.

    The last factor covers the float64 rounding of the bound and of the value it belongs to.
    """
    least = np.maximum(bounded.bound, form.smallest_subnormal)
    return (least if truth is None else least + truth.bound) * (1.0 + 2.0**-26)
