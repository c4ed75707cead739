"""The plain language: Python floats and integers, with IEEE results where Python would raise."""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from conformance.specs.errors import FormulaError
from conformance.specs.language import Thunk

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Scalar:
    """Floats, one sample at a time; a `Language`. For checks by eye, not for speed or rigour."""

    def number(self, value: Fraction) -> float:
        return float(value)

    def divide(self, a: float, b: float) -> float:
        if b == 0:
            return math.nan if a == 0 or a != a else math.copysign(math.inf, _signs(a, b))
        return float(a) / b

    def power(self, a: float, b: float) -> float:
        if a == 0 and b < 0:
            odd = b % 2 == 1
            return math.copysign(math.inf, a) if odd else math.inf
        if a < 0 and b != int(b):
            return math.nan
        try:
            return float(float(a) ** b)
        except OverflowError:
            return -math.inf if a < 0 and b % 2 == 1 else math.inf

    def exp(self, x: float) -> float:
        try:
            return math.exp(x)
        except OverflowError:
            return math.inf

    def log(self, x: float) -> float:
        if x == 0:
            return -math.inf
        return math.nan if x < 0 else math.log(x)

    def sqrt(self, x: float) -> float:
        return math.nan if x < 0 else math.sqrt(x)

    def abs(self, x: float) -> float:
        return abs(x)

    def max(self, terms: Sequence[float]) -> float:
        return max(terms) if all(term == term for term in terms) else math.nan

    def min(self, terms: Sequence[float]) -> float:
        return min(terms) if all(term == term for term in terms) else math.nan

    def sum(self, terms: Sequence[float]) -> float:
        return sum(terms)

    def prod(self, terms: Sequence[float]) -> float:
        return math.prod(terms)

    def sorted(self, terms: Sequence[float]) -> Sequence[float]:
        return sorted(terms)

    def xlogy(self, a: float, b: float) -> float:
        return 0.0 if a == 0 else a * self.log(b)

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        return then() if condition else otherwise()

    def both(self, first: Any, second: Thunk) -> Any:
        return bool(first and second())

    def either(self, first: Any, second: Thunk) -> Any:
        return bool(first or second())

    def negate(self, condition: Any) -> Any:
        return not condition

    def compare(self, operator: str, a: float, b: float) -> Any:
        return COMPARISONS[operator](a, b)

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        if index != int(index) or not 0 <= index < len(sequence):
            raise FormulaError(f"the index {index} is outside 0 to {len(sequence) - 1}")
        return sequence[int(index)]


def _signs(a: float, b: float) -> float:
    return math.copysign(1.0, a) * math.copysign(1.0, b)


SCALAR = Scalar()
