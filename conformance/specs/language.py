"""The kind of number a formula runs on: the operations whose meaning differs between kinds.

`+`, `-`, `*` and unary minus are the numbers' own operators. Integers stay Python integers until
they meet a number; everything else goes through a method here, so that one text serves floats,
balls, and arrays over a batch.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

Thunk = Callable[[], Any]


class Language(Protocol):
    """What a kind of number must be able to do; `Any` is one of its numbers or a Python integer."""

    def number(self, value: Fraction) -> Any:
        """Give a literal that was written with a point or an exponent."""

    def divide(self, a: Any, b: Any) -> Any:
        """Give a / b; also of two integers, where Python's own operator would round to a float."""

    def power(self, a: Any, b: Any) -> Any:
        """Give a ** b; an integer b is at most 64 in size."""

    def exp(self, x: Any) -> Any:
        """Give e to the x."""

    def log(self, x: Any) -> Any:
        """Give the natural logarithm: minus infinity at 0, NaN below."""

    def sqrt(self, x: Any) -> Any:
        """Give the square root: NaN below 0."""

    def abs(self, x: Any) -> Any:
        """Give the absolute value."""

    def max(self, terms: Sequence[Any]) -> Any:
        """Give the largest of one or more terms, NaN if any is NaN."""

    def min(self, terms: Sequence[Any]) -> Any:
        """Give the smallest of one or more terms, NaN if any is NaN."""

    def sum(self, terms: Sequence[Any]) -> Any:
        """Add up; 0 of nothing."""

    def prod(self, terms: Sequence[Any]) -> Any:
        """Multiply up; 1 of nothing."""

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        """Put in ascending order."""

    def xlogy(self, a: Any, b: Any) -> Any:
        """Give a log b, and 0 wherever a is 0, whatever b is."""

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        """Give `then()` where the condition holds, else `otherwise()`."""

    def both(self, first: Any, second: Thunk) -> Any:
        """Say whether both hold."""

    def either(self, first: Any, second: Thunk) -> Any:
        """Say whether at least one holds."""

    def negate(self, condition: Any) -> Any:
        """Say whether the condition does not hold."""

    def compare(self, operator: str, a: Any, b: Any) -> Any:
        """Compare by one of `< <= > >= == !=`."""

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        """Give the entry at an index from 0; a negative index does not count from the end."""
