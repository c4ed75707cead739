"""Floating-point formats: rounding into them and their ulp, computed in float64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    `precision` counts the significand's bits, the hidden one included; `emin` and `emax` are the
    exponents of the smallest normal and of the largest finite number.
    """

    name: str
    precision: int
    emin: int
    emax: int

    @property
    def unit_roundoff(self) -> float:
        """Largest relative error of one rounding to nearest."""
        return 2.0**-self.precision

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.emin

    @property
    def smallest_subnormal(self) -> float:
        return 2.0 ** (self.emin - self.precision + 1)

    @property
    def largest(self) -> float:
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0**self.emax

    @property
    def overflow(self) -> float:
        """Smallest magnitude that rounds to infinity (itself infinite for float64)."""
        with np.errstate(over="ignore"):
            return float(np.float64(self.largest) + np.float64(2.0 ** (self.emax - self.precision)))

    @property
    def bytes(self) -> int:
        return {53: 8, 24: 4}.get(self.precision, 2)


FLOAT64 = Format("float64", 53, -1022, 1023)
FLOAT32 = Format("float32", 24, -126, 127)
FLOAT16 = Format("float16", 11, -14, 15)
BFLOAT16 = Format("bfloat16", 8, -126, 127)
FORMATS = {each.name: each for each in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16)}


EXPONENT = np.int64(0x7FF << 52)
"""The bits of a float64 that hold its exponent."""


def ulp(values: ArrayLike, form: Format) -> Floats:
    """Distance between neighbours of `form` around each value: 2^(clamp(floor log2|v|) - p + 1).

    Non-finite values count as the largest exponent, zero as the smallest.
    """
    step = form.precision - 1
    if form is FLOAT64:  # 2^exponent may be subnormal here
        bits = np.abs(np.asarray(values, dtype=np.float64)).view(np.int64) >> 52
        exponent = np.clip(bits - 1023, form.emin, form.emax) - step
        return np.asarray(np.ldexp(1.0, exponent.astype(np.int32)))
    powers = np.asarray(values, dtype=np.float64).view(np.int64) & EXPONENT
    powers = np.maximum(powers, (form.emin + 1023) << 52)
    powers = np.minimum(powers, (form.emax + 1023) << 52)
    return np.asarray((powers - (step << 52)).view(np.float64))


def round_to(values: ArrayLike, form: Format) -> Floats:
    """Round to nearest, ties to even, into `form`; the result is still a float64 array.

    One rounding, straight from float64: a detour through float32 would round twice on the way to
    bfloat16. Scaling by a power of two is exact and `rint` ties to even.
    """
    exact = np.asarray(values, dtype=np.float64)
    if form is FLOAT64:
        return exact
    if form is FLOAT32 or form is FLOAT16:  # the machine's own conversion rounds once too
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return exact.astype(form.name).astype(np.float64)
    quantum = ulp(exact, form)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.rint(exact / quantum) * quantum
        rounded = np.where(np.abs(rounded) > form.largest, np.copysign(np.inf, exact), rounded)
        return np.where(np.isfinite(exact), rounded, exact)


def representable(values: ArrayLike, form: Format) -> NDArray[np.bool_]:
    """Whether each value is a number (or infinity, or NaN) of `form` exactly."""
    exact = np.asarray(values, dtype=np.float64)
    return (round_to(exact, form) == exact) | np.isnan(exact)


def to_bits(values: ArrayLike, form: Format) -> NDArray[np.generic]:
    """Exact values of `form` as its storage: a float array, or uint16 bit patterns for bfloat16."""
    exact = np.asarray(values, dtype=np.float64)
    if form is BFLOAT16:
        return (exact.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return exact.astype(form.name)


def from_bits(stored: NDArray[np.generic], form: Format) -> Floats:
    """Storage of `form` as float64, exactly; the inverse of `to_bits`."""
    if form is BFLOAT16:
        return (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return stored.astype(np.float64)


def ordinal(values: ArrayLike, form: Format) -> NDArray[np.int64]:
    """Index of each finite value among the numbers of `form`, in order, zero at 0."""
    magnitude = np.abs(round_to(values, form))
    quantum = ulp(magnitude, form)
    steps = np.round(magnitude / quantum).astype(np.int64)
    exponent = np.maximum(
        (magnitude.view(np.int64) >> 52) - 1023 - form.emin, 0
    )  # binades above the first
    index = steps + exponent * np.int64(2 ** (form.precision - 1))
    return np.where(np.signbit(np.asarray(values, dtype=np.float64)), -index, index)


def from_ordinal(indices: NDArray[np.int64], form: Format) -> Floats:
    """The numbers at these indices, what `ordinal` counts; past the ends the largest numbers."""
    most = int(ordinal(form.largest, form))
    index = np.minimum(np.abs(indices), most)
    binade = np.int64(2 ** (form.precision - 1))
    exponent = np.maximum(index // binade - 1, 0)
    steps = (index - exponent * binade).astype(np.float64)
    scale = (exponent + (form.emin - form.precision + 1)).astype(np.int32)
    return np.copysign(np.ldexp(steps, scale), np.where(indices < 0, -1.0, 1.0))
