"""The arithmetic that an implementation is assumed to use: facts, no tolerances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from conformance.numerics.extremes import below
from conformance.numerics.formats import FLOAT32, FLOAT64, Floats, Format

BLOCK = 32
"""Longest run that a summation kernel adds strictly one after the other."""


@dataclass(frozen=True)
class Accuracy:
    """Error of a transcendental: `out` ulp of its result, after `into` ulp on its argument.

    `worse` lists closed intervals of the argument with the larger error there, in ulp. `stored` is
    the error in ulp of the storage format, of a kernel that does not compute in a wider one (0:
    it does).
    """

    out: float = 1.0
    into: float = 0.0
    worse: tuple[tuple[float, float, float], ...] = ()
    stored: float = 0.0

    def at(self, value: Floats, bound: Floats) -> Floats | float:
        """The error in ulp at arguments that are known up to a bound."""
        count: Floats | float = self.out
        for low, high, more in self.worse:
            met = (value + bound >= low) & (value - bound <= high)
            count = np.where(met, np.maximum(count, more), count)
        return count


TRANSCENDENTALS = ("exp", "expm1", "log", "log1p", "power", "tanh")


@dataclass(frozen=True)
class Arithmetic:
    """Where an implementation rounds, and how far each step may be off.

    `storage` is the dtype of the arrays, `compute` the one of registers, `accumulator` the one of
    sums. With `each_op` every operation writes its result to memory in `storage`; without it only
    declared rounding points (`store`) do. `accuracy` holds the transcendentals (ulp of `compute`).
    With `gradual_storage` only registers flush, and what is stored may be subnormal.
    With `reciprocals` a quotient by a number is a product with its rounded reciprocal.
    """

    storage: Format
    compute: Format
    accumulator: Format
    each_op: bool = False
    accuracy: Mapping[str, Accuracy] = field(default_factory=lambda: MappingProxyType({}))
    flush_to_zero: bool = False
    gradual_storage: bool = False
    denormals_are_zero: bool = False
    strict_order: bool = False
    reciprocals: bool = False

    def accuracy_of(self, function: str) -> Accuracy:
        return self.accuracy.get(function, Accuracy())

    def flushes(self, form: Format) -> bool:
        """Whether a subnormal result in a format may become zero."""
        kept = self.gradual_storage and form is self.storage and form is not self.compute
        return self.flush_to_zero and not kept

    def height(self, count: int) -> float:
        """Height of the tallest summation tree admitted for `count` terms.

        Blocked: a run of at most 32, then pairwise. `strict_order` admits any order, n - 1.
        """
        if count <= 1:
            return 0.0
        if self.strict_order:
            return count - 1.0
        return min(count - 1.0, BLOCK + math.ceil(math.log2(count)))

    def rounding(self, value: Floats, bound: Floats, form: Format) -> Floats:
        """Bound on one rounding into `form` of a number that lies within `bound` of `value`."""
        magnitude = np.abs(value)
        reach = magnitude + bound
        # half of float64's smallest number is no number of float64
        least = form.smallest_subnormal * (1.0 if form is FLOAT64 else 0.5)
        error = np.maximum(form.unit_roundoff * reach, least)
        if self.flushes(form):  # whatever may lie below the smallest normal number may be flushed
            error = np.where(magnitude - bound < form.smallest_normal, form.smallest_normal, error)
        return error if below(reach, np.inf) else np.where(reach < np.inf, error, 0.0)

    def reciprocal(self, value: Floats, bound: Floats, divisor: float) -> Floats | float:
        """What rounding the reciprocal of a divisor is worth, as an error of the dividend."""
        power_of_two = abs(math.frexp(divisor)[0]) == 0.5
        return 0.0 if power_of_two else self.rounding(value, bound, self.compute)


def wide(storage: Format, base: Arithmetic | None = None) -> Arithmetic:
    """The arithmetic of the ideal bound: at least float32 throughout, rounded to storage once."""
    compute = storage if storage.precision >= FLOAT32.precision else FLOAT32
    plain = Arithmetic(storage, compute, compute)
    if base is None:
        return plain
    return replace(base, storage=storage, compute=compute, accumulator=compute, each_op=False)


IDEAL64 = Arithmetic(FLOAT64, FLOAT64, FLOAT64)
"""NumPy's own float64, for the reference's bound on itself."""
