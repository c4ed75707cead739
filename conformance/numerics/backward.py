"""Derivatives of formulas on arrays: a record of the steps, and the way back through it.

The record is walked as autograd walks it, from the loss to every input at once: one walk, however
many classes, and the rounding errors of a program that differentiates the formula as written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.numerics.estimate import Mask
from conformance.numerics.language import Arrays, certain, positions, possible, values_of
from conformance.numerics.traced import Path, Pull, Traced, as_it_is, made, plain
from conformance.specs.language import Thunk


@dataclass(frozen=True)
class Traces:
    """A `Language` of traced arrays over one of arrays; constants stay arrays."""

    arrays: Arrays

    def number(self, value: Fraction) -> Any:
        return self.arrays.number(value)

    def divide(self, a: Any, b: Any) -> Any:
        above, below = plain(a), plain(b)
        value = self.arrays.divide(above, below)
        return self._traced(
            value,
            (a, lambda slope: slope / below),
            (b, lambda slope: -(slope * value) / below),
        )

    def power(self, a: Any, b: Any) -> Any:
        base, exponent = plain(a), plain(b)
        value = self.arrays.power(base, exponent)

        def by_base(slope: Any) -> Any:
            return slope * (exponent * self.arrays.power(base, exponent - 1))

        return self._traced(value, (a, by_base), (b, lambda slope: slope * (value * np.log(base))))

    def exp(self, x: Any) -> Any:
        value = self.arrays.exp(plain(x))
        return self._traced(value, (x, lambda slope: slope * value))

    def log(self, x: Any) -> Any:
        return self._traced(self.arrays.log(plain(x)), (x, lambda slope: slope / plain(x)))

    def sqrt(self, x: Any) -> Any:
        value = self.arrays.sqrt(plain(x))
        return self._traced(value, (x, lambda slope: slope / (2 * value)))

    def abs(self, x: Any) -> Any:
        if not isinstance(x, Traced):
            return self.arrays.abs(x)
        upper = _above(x.value, -x.value)
        value = self.arrays.abs(x.value)
        return made(value, (x, lambda slope: self.arrays.where(upper, slope, -slope)))

    def max(self, terms: Sequence[Any]) -> Any:
        return self._extreme(terms, np.maximum, lambda a, b: _above(a, b))

    def min(self, terms: Sequence[Any]) -> Any:
        return self._extreme(terms, np.minimum, lambda a, b: _above(b, a))

    def _extreme(self, terms: Sequence[Any], best: Any, first_wins: Any) -> Any:
        result = terms[0]
        for term in terms[1:]:
            a, b = plain(result), plain(term)
            value = best(a, b)
            if isinstance(result, Traced) or isinstance(term, Traced):
                result = self._either(first_wins(a, b), value, result, term)
            else:
                result = value
        return result

    def _either(self, condition: Any, value: Any, then: Any, otherwise: Any) -> Traced:
        """A value that is one of two; no slope comes from the side not taken, not even NaN."""
        sides = ((then, condition), (otherwise, np.logical_not(condition)))
        return Traced(
            value,
            tuple(self._taken(side, holds) for side, holds in sides if isinstance(side, Traced)),
        )

    def _taken(self, side: Traced, holds: Any) -> Path:
        return Path(side, lambda slope: self.arrays.where(holds, slope, 0.0), possible(holds))

    def sum(self, terms: Sequence[Any]) -> Any:
        value = self.arrays.sum([plain(term) for term in terms])
        return self._traced(value, *((term, as_it_is) for term in terms))

    def prod(self, terms: Sequence[Any]) -> Any:
        product: Any = 1
        for term in terms:
            product = product * term
        return product

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        ranked = self.arrays.ranked([plain(term) for term in terms])
        return [self._from_places(value, place, terms) for value, place in ranked]

    def _from_places(self, value: Any, place: Mask, terms: Sequence[Any]) -> Any:
        paths = [
            Path(term, as_it_is, np.asarray(place == k))
            for k, term in enumerate(terms)
            if isinstance(term, Traced)
        ]
        return Traced(value, tuple(paths)) if paths else value

    def xlogy(self, a: Any, b: Any) -> Any:
        factor, argument = plain(a), plain(b)
        value = self.arrays.xlogy(factor, argument)
        some = possible(self.arrays.compare("!=", factor, 0))
        paths = []
        if isinstance(a, Traced):
            paths.append(Path(a, lambda slope: slope * np.log(argument)))
        if isinstance(b, Traced):
            paths.append(Path(b, lambda slope: slope * (factor / argument), some))
        return Traced(value, tuple(paths)) if paths else value

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        decided = certain(condition)
        if decided is not None:
            return then() if decided else otherwise()
        return self._merged(condition, then(), otherwise())

    def _merged(self, condition: Any, then: Any, otherwise: Any) -> Any:
        if isinstance(then, list) and isinstance(otherwise, list):
            pairs = zip(then, otherwise, strict=True)
            return [self._merged(condition, first, second) for first, second in pairs]
        value = self.arrays.where(condition, plain(then), plain(otherwise))
        if not isinstance(then, Traced) and not isinstance(otherwise, Traced):
            return value
        return self._either(condition, value, then, otherwise)

    def both(self, first: Any, second: Thunk) -> Any:
        return self.arrays.both(first, second)

    def either(self, first: Any, second: Thunk) -> Any:
        return self.arrays.either(first, second)

    def negate(self, condition: Any) -> Any:
        return self.arrays.negate(condition)

    def compare(self, operator: str, a: Any, b: Any) -> Any:
        return self.arrays.compare(operator, plain(a), plain(b))

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        if isinstance(index, int):
            return self.arrays.pick(sequence, index)
        value = self.arrays.pick([plain(each) for each in sequence], plain(index))
        inside, place = positions(values_of(plain(index)), len(sequence))
        return self._from_places(value, np.where(inside, place, -1), sequence)

    def _traced(self, value: Any, *operands: tuple[Any, Pull]) -> Any:
        result = made(value, *operands)
        return result if result.paths else value


def _above(a: Any, b: Any) -> Any:
    """Whether a is at least b; in doubt where they are equal, as either slope is one there.

    Without an arithmetic there is no doubt: the first of equals wins.
    """
    condition = np.greater_equal(a, b)
    if hasattr(condition, "ambiguous"):
        tied = np.asarray(values_of(a) == values_of(b))
        if tied.any():
            doubt = tied if condition.ambiguous is None else tied | condition.ambiguous
            return type(condition)(condition.value, doubt)
    return condition
