"""The formula language on arrays over the batch: plain float64 ones, or ones that carry bounds.

A class axis is a list of arrays. The same text gives the formula's values and, on error-carrying
arrays, how far a program that computes it as written may be off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.estimate import Mask
from conformance.numerics.overlay import Overlay
from conformance.numerics.uncertain import Uncertain
from conformance.specs.errors import FormulaError
from conformance.specs.evaluation import POWER_LIMIT
from conformance.specs.language import Thunk
from conformance.specs.scalar import COMPARISONS


@dataclass(frozen=True)
class Arrays:
    """A `Language`; `arithmetic` is that of the error-carrying arrays, None for plain ones.

    Call it under `np.errstate(all="ignore")`: both sides of a choice may be computed.
    """

    arithmetic: Arithmetic | None = None

    def number(self, value: Fraction) -> float:
        return float(value)

    def divide(self, a: Any, b: Any) -> Any:
        return np.true_divide(a, b)

    def power(self, a: Any, b: Any) -> Any:
        """A whole power is a chain of products, as implementations compute small ones."""
        if np.ndim(b) == 0 and not carries(b):
            exponent = float(b)
            if exponent.is_integer() and abs(exponent) <= POWER_LIMIT:
                return _whole_power(a, int(exponent))
        return np.power(_array(a), b)

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
        """Of more than two terms as a kernel sums an axis: in the accumulator, one store."""
        if len(terms) < 3:
            return reduce(np.add, terms, 0)
        return np.sum(stacked(terms), axis=0)

    def prod(self, terms: Sequence[Any]) -> Any:
        return reduce(np.multiply, terms, 1)

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        return [picked for picked, _ in self.ranked(terms)]

    def ranked(self, terms: Sequence[Any]) -> list[tuple[Any, Mask]]:
        """The terms in ascending order, each with the places that it was taken from.

        What stands at a rank moves by no more than the term that moves most.
        """
        if not terms:
            return []
        stack = stacked(terms)
        order = np.argsort(values_of(stack), axis=0, kind="stable")
        ranks = np.take_along_axis(stack, order, axis=0)
        if isinstance(ranks, Bounded) and ranks.bound.any():
            ranks = _equally_off(ranks)
        return [(ranks[k], order[k]) for k in range(len(terms))]

    def xlogy(self, a: Any, b: Any) -> Any:
        nothing = self.compare("==", a, 0)
        safe = self.where(nothing, 1.0, b)
        return self.where(nothing, 0.0, a * np.log(safe))

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        """Both sides are computed only where samples, or roundings, may decide differently."""
        decided = certain(condition)
        if decided is not None:
            return then() if decided else otherwise()
        return self._merged(condition, then(), otherwise())

    def _merged(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choose sample by sample, within lists entry by entry."""
        if isinstance(then, list) and isinstance(otherwise, list):
            pairs = zip(then, otherwise, strict=True)
            return [self._merged(condition, first, second) for first, second in pairs]
        return self.where(condition, then, otherwise)

    def where(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """`np.where`, also of an uncertain condition over plain numbers."""
        if isinstance(condition, Uncertain):
            if condition.ambiguous is None:
                return np.where(condition.value, then, otherwise)
            if not carries(then) and not carries(otherwise):
                assert self.arithmetic is not None  # nothing else makes a comparison uncertain
                then = bounded(np.broadcast_to(then, condition.shape), self.arithmetic)
        return np.where(condition, then, otherwise)

    def both(self, first: Any, second: Thunk) -> Any:
        return False if certain(first) is False else np.logical_and(first, second())

    def either(self, first: Any, second: Thunk) -> Any:
        return True if certain(first) is True else np.logical_or(first, second())

    def negate(self, condition: Any) -> Any:
        return np.logical_not(condition)

    def compare(self, operator: str, a: Any, b: Any) -> Any:
        return COMPARISONS[operator](a, b)

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        """Gather along the class axis; NaN at an index outside, as on a side not taken."""
        if isinstance(index, int):
            if not 0 <= index < len(sequence):
                raise FormulaError(f"the index {index} is outside 0 to {len(sequence) - 1}")
            return sequence[index]
        if not sequence:
            return np.full(np.shape(index), np.nan)
        inside, safe = positions(index, len(sequence))
        stack = stacked([*sequence, np.zeros(safe.shape)])
        place = np.broadcast_to(safe, stack.shape[1:])[None]
        found = np.take_along_axis(stack, place, axis=0)[0]
        return found if inside.all() else np.where(inside, found, np.nan)


def positions(index: Any, count: int) -> tuple[Mask, np.ndarray]:
    """Which indices point to one of `count` entries, and all of them made to."""
    whole = np.asarray(index).astype(np.int64)
    inside = np.asarray((whole >= 0) & (whole < count))
    return inside, np.where(inside, whole, 0)


def certain(condition: Any) -> bool | None:
    """True or False where a condition is so for every sample beyond doubt, else None."""
    if isinstance(condition, Uncertain):
        if condition.ambiguous is not None and condition.ambiguous.any():
            return None
        condition = condition.value
    holds = np.asarray(condition)
    if holds.all():
        return True  # also of no samples at all
    return None if holds.any() else False


def possible(condition: Any) -> Mask:
    """Where a condition holds, or may hold."""
    if not isinstance(condition, Uncertain):
        return np.asarray(condition)
    doubt = condition.ambiguous
    return condition.value if doubt is None else condition.value | doubt


def values_of(x: Any) -> np.ndarray:
    """The plain values of an array of any kind."""
    return values_of(x.value) if carries(x) else np.asarray(x, dtype=np.float64)


def carries(x: Any) -> bool:
    """Whether an array carries more than its values: bounds, or what it is differentiated by."""
    return isinstance(x, (Bounded, Overlay))


def _equally_off(ranks: Bounded) -> Bounded:
    most = np.broadcast_to(ranks.bound.max(axis=0), ranks.shape)
    return Bounded(ranks.state._replace(bound=most), ranks.arithmetic)


def stacked(terms: Sequence[Any]) -> Any:
    """Arrays of shapes that broadcast, along a new first axis."""
    shape = np.broadcast_shapes(*(np.shape(term) for term in terms))
    rows = [np.expand_dims(np.broadcast_to(_array(term), shape), 0) for term in terms]
    return np.concatenate(rows, axis=0)


def _array(term: Any) -> Any:
    return term if carries(term) else np.asarray(term, np.float64)


def _whole_power(base: Any, exponent: int) -> Any:
    if exponent < 0:
        return np.true_divide(1, _whole_power(base, -exponent))
    if exponent == 0:
        return 1
    half = _whole_power(base, exponent // 2)
    square = np.multiply(half, half) if exponent > 1 else 1
    return np.multiply(square, base) if exponent % 2 else square
