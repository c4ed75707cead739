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


def preliminary(actual: Floats, expected: Floats, form: Format) -> NDArray[np.int8]:
    """What is decided without a bound: special values, correctly rounded, faithful; else OPEN."""
    with np.errstate(all="ignore"):
        rounded = round_to(expected, form)
        classes = np.full(expected.shape, Class.OPEN, dtype=np.int8)
        same = actual == rounded
        classes[np.abs(actual - expected) < ulp(expected, form)] = Class.FAITHFUL
        classes[same] = Class.CORRECTLY_ROUNDED
        special = same & (~np.isfinite(rounded) | (rounded == 0))
        nan = np.isnan(expected)
        classes[special | (nan & np.isnan(actual))] = Class.EXACT_SPECIAL
        classes[nan != np.isnan(actual)] = Class.OPEN
    return classes


def errors_in_ulp(actual: Floats, expected: Floats, form: Format) -> Floats:
    """|actual - expected| in ulp of the expected value; 0 for equal specials, NaN across classes."""
    with np.errstate(all="ignore"):
        gap = np.abs(actual - expected) / ulp(expected, form)
        rounded = round_to(expected, form)
    agree = (actual == rounded) & ~np.isfinite(rounded) | (np.isnan(actual) & np.isnan(expected))
    return np.where(agree, 0.0, np.where(np.isfinite(actual) & np.isfinite(expected), gap, np.nan))


def settle(
    actual: Floats, expected: Floats, form: Format, own: Bounded, ideal: Bounded, slack: Floats
) -> tuple[NDArray[np.int8], Floats]:
    """Class of the elements left open, and the share of the own bound that each one uses.

    `slack` is the reference's own error (absolute), added to both bounds.
    """
    with np.errstate(all="ignore"):
        gap = np.abs(actual - expected)
        allowed = limit(own, form, slack)
        share = np.where(gap == 0, 0.0, gap / allowed)
        classes = np.full(expected.shape, Class.WRONG, dtype=np.int8)
        comparable = np.isfinite(actual) & np.isfinite(expected)
        classes[comparable & (share <= NEAR_MISS)] = Class.EXCEEDS
        classes[comparable & (share <= 1.0)] = Class.OWN
        classes[comparable & (gap <= limit(ideal, form, slack))] = Class.IDEAL
        undecided = ~np.isfinite(actual) & ~np.isnan(expected)
        reaches = np.abs(expected) + allowed >= form.overflow
        to_infinity = np.isinf(actual) & (np.sign(actual) == np.sign(expected)) & reaches
        classes[undecided & own.overflow] = Class.PREMATURE
        classes[undecided & to_infinity] = Class.OWN
    return classes, np.where(comparable, share, np.nan)


def limit(bounded: Bounded, form: Format, slack: Floats) -> Floats:
    """The bound as it is applied: never below the smallest subnormal of the format.

    The last factor covers the float64 rounding of the bound and of the value it belongs to.
    """
    return (np.maximum(bounded.bound, form.smallest_subnormal) + slack) * (1.0 + 2.0**-26)
