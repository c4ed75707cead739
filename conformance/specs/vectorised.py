"""The language of arrays: a number is an array over the batch, a class axis a list of them."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from conformance.specs.errors import FormulaError
from conformance.specs.language import Thunk
from conformance.specs.scalar import COMPARISONS


class Vectorised:
    """Float64 arrays that broadcast against each other; a `Language`.

    Call it under `np.errstate(all="ignore")`: both sides of a choice are computed for every sample.
    """

    def number(self, value: Fraction) -> Any:
        return np.float64(value)

    def divide(self, a: Any, b: Any) -> Any:
        return np.true_divide(a, b)

    def power(self, a: Any, b: Any) -> Any:
        return np.power(np.asarray(a, np.float64), b)

    def exp(self, x: Any) -> Any:
        return np.exp(x)

    def log(self, x: Any) -> Any:
        return np.log(x)

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(x)

    def abs(self, x: Any) -> Any:
        return np.abs(x)

    def max(self, terms: Sequence[Any]) -> Any:
        return reduce(np.maximum, terms)

    def min(self, terms: Sequence[Any]) -> Any:
        return reduce(np.minimum, terms)

    def sum(self, terms: Sequence[Any]) -> Any:
        return reduce(np.add, terms, 0)

    def prod(self, terms: Sequence[Any]) -> Any:
        return reduce(np.multiply, terms, 1)

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        return list(np.sort(_stack(terms), axis=0)) if terms else []

    def xlogy(self, a: Any, b: Any) -> Any:
        zero = np.equal(a, 0)
        return np.where(zero, 0.0, a * np.log(np.where(zero, 1.0, b)))

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        if np.ndim(condition) == 0:
            return then() if condition else otherwise()
        return _merge(condition, then(), otherwise())

    def both(self, first: Any, second: Thunk) -> Any:
        if np.ndim(first) == 0 and not first:
            return False
        return np.logical_and(first, second())

    def either(self, first: Any, second: Thunk) -> Any:
        if np.ndim(first) == 0 and first:
            return True
        return np.logical_or(first, second())

    def negate(self, condition: Any) -> Any:
        return np.logical_not(condition)

    def compare(self, operator: str, a: Any, b: Any) -> Any:
        return COMPARISONS[operator](a, b)

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        """Gather along the class axis; NaN at an index outside, as on a side not taken."""
        if np.ndim(index) == 0:
            if not 0 <= index < len(sequence):
                raise FormulaError(f"the index {index} is outside 0 to {len(sequence) - 1}")
            return sequence[int(index)]
        if not sequence:
            return np.full(np.shape(index), np.nan)
        values = _stack([*sequence, index])[:-1]
        whole = np.broadcast_to(np.asarray(index), values.shape[1:]).astype(np.int64)
        inside = (whole >= 0) & (whole < len(sequence))
        safe = np.where(inside, whole, 0)
        return np.where(inside, np.take_along_axis(values, safe[None], axis=0)[0], np.nan)


def _merge(condition: Any, then: Any, otherwise: Any) -> Any:
    """Choose sample by sample, within lists entry by entry."""
    if isinstance(then, list) and isinstance(otherwise, list):
        pairs = zip(then, otherwise, strict=True)
        return [_merge(condition, first, second) for first, second in pairs]
    return np.where(condition, then, otherwise)


def _stack(terms: Sequence[Any]) -> Any:
    return np.stack(np.broadcast_arrays(*terms))


VECTORISED = Vectorised()
