"""How far answers are off, in ulp of the format that a device computes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.engine.measurement.truth import Truth
from conformance.numerics.formats import Floats, Format, ulp

NEAR = 16
"""Ulp by which a kernel may fall short of the smallest normal number before it is flushed."""


@dataclass(frozen=True)
class Habitat:
    """The formats of arrays and registers, and whether subnormals live there."""

    storage: Format
    compute: Format
    flushes: bool = False
    reads_zero: bool = False


@dataclass(frozen=True)
class Errors:
    """One number an answer; where it was flushed it is no error, and is counted.

    `compute` is in ulp of the format of registers, after what storing alone explains; `stored` in
    ulp of the format of the answer.
    """

    compute: Floats
    stored: Floats
    flushed: int
    zeroed: int


def errors_of(
    arguments: tuple[Floats, ...], truth: Truth, answers: Floats, habitat: Habitat
) -> Errors:
    """Errors of the answers. NaN, where the truth is a number, is infinitely far off.

    On a device that flushes, what is subnormal is not measured where it came back as zero; on one
    that reads subnormals as zero, answers to them are not. Where the truth overflows, infinity is
    right.
    """
    storage, compute = habitat.storage, habitat.compute
    limit = storage.overflow if np.isfinite(storage.overflow) else storage.largest
    got = np.where(np.isposinf(answers), limit, np.where(np.isneginf(answers), -limit, answers))
    size = np.abs(truth.high)
    with np.errstate(all="ignore"):
        away = np.abs((got - truth.high) - truth.low)
        stored = np.where(np.isnan(answers), np.inf, away) / ulp(truth.high, storage)
        reach = np.maximum(size, np.where(np.isfinite(got), np.abs(got), 0.0))
        room = 0.0 if storage is compute else 0.5 * ulp(reach, storage)
        inside = np.maximum(away - room, 0.0) / ulp(truth.high, compute)
        inside = np.where(np.isnan(inside), np.inf, inside)
    silent = ((size >= limit) & (np.abs(got) >= limit)) | np.isnan(truth.high)
    tiny = np.logical_or.reduce(
        [(np.abs(x) < storage.smallest_normal) & (x != 0) for x in arguments]
    )
    wrong = (stored > 0.5) & ~silent
    zeroed = wrong & tiny & habitat.reads_zero
    lowest = storage.smallest_normal + NEAR * compute.smallest_subnormal
    flushed = wrong & ~zeroed & (size < lowest) & (answers == 0) & habitat.flushes
    counts = ~(silent | zeroed | flushed)
    return Errors(
        np.where(counts, inside, 0.0),
        np.where(counts, stored, 0.0),
        int(np.count_nonzero(flushed)),
        int(np.count_nonzero(zeroed)),
    )
