"""Which float64 values each number of a 16-bit format is the rounding of, or next to: by table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.numerics.formats import FORMATS, Floats, Format, from_bits, ulp

PATTERNS = 1 << 16
Bits = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Table:
    """By bit pattern: the value, its spacing, and closed intervals, empty (NaN) for NaN.

    A true value in [`low`, `high`] is rounded to this number (to nearest, ties to even; zeros of
    both signs are one number). One in [`near_low`, `near_high`] lies strictly between its
    neighbours: the number is faithful.
    """

    value: Floats
    spacing: Floats
    low: Floats
    high: Floats
    near_low: Floats
    near_high: Floats

    def rounded(self, bits: Bits, truth: Floats) -> NDArray[np.bool_]:
        """Where the number is the correctly rounded true value."""
        return np.asarray((self.low[bits] <= truth) & (truth <= self.high[bits]))

    def faithful(self, bits: Bits, truth: Floats) -> NDArray[np.bool_]:
        """Where the number is one of the two next to the true value, or that value."""
        return np.asarray((self.near_low[bits] <= truth) & (truth <= self.near_high[bits]))


def values_by_pattern(form: Format) -> Floats:
    """The value of every bit pattern of a 16-bit format, in the order of the patterns."""
    bits = np.arange(PATTERNS, dtype=np.uint16)
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return from_bits(bits if form is FORMATS["bfloat16"] else bits.view(form.name), form)


def table_of(form: Format) -> Table:
    """The table of a 16-bit format: 3 MiB."""
    value = values_by_pattern(form)
    half = PATTERNS // 2
    size = value[:half]  # not negative, ascending, NaN last
    with np.errstate(invalid="ignore"):
        above, below = np.append(size[1:], np.nan), np.append(-size[1], size[:-1])
        high, low = (size + above) / 2.0, (size + below) / 2.0
        odd = np.arange(half) % 2 == 1
        high, low = _inwards(high, low, odd)
        infinite = int(np.argmax(np.isinf(size)))
        low[infinite], high[infinite] = form.overflow, np.inf
        high[infinite - 1] = np.nextafter(form.overflow, 0.0)
        near_high, near_low = _inwards(above, below, np.ones(half, dtype=bool))
    near_high[infinite - 1] = high[infinite - 1]
    near_low[infinite], near_high[infinite] = low[infinite], high[infinite]
    unknown = np.isnan(size)
    for each in (low, high, near_low, near_high):
        each[unknown] = np.nan
    return Table(
        value, ulp(value, form),
        np.concatenate([low, -high]), np.concatenate([high, -low]),
        np.concatenate([near_low, -near_high]), np.concatenate([near_high, -near_low]),
    )  # fmt: skip


def _inwards(high: Floats, low: Floats, where: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The ends themselves left out."""
    return (
        np.where(where, np.nextafter(high, -np.inf), high),
        np.where(where, np.nextafter(low, np.inf), low),
    )
