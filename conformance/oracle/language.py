"""The formula language on balls: one text gives rigorous values and derivatives."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from conformance.oracle import extended
from conformance.oracle.ball import Ball, ball, joined, kinks_of, merged, scaled, undefined
from conformance.oracle.extended import ONE, ZERO, divide, multiply
from conformance.oracle.series import moves
from conformance.specs.errors import FormulaError
from conformance.specs.evaluation import POWER_LIMIT
from conformance.specs.language import Thunk


class Balls:
    """A `Language`; a choice that the radii leave open raises `Undecided`."""

    def number(self, value: Fraction) -> Ball:
        return ball(value)

    def divide(self, a: Any, b: Any) -> Ball:
        above, below = ball(a), ball(b)
        value, bottom = divide(above.value, below.value), below.value
        rising = scaled(above.slopes, lambda slope: divide(slope, bottom))
        falling = scaled(below.slopes, lambda slope: divide(multiply(-slope, value), bottom))
        return Ball(value, merged(rising, falling), kinks_of(above, below))

    def power(self, a: Any, b: Any) -> Ball:
        b = _whole(b)
        base = ball(a)
        if not isinstance(b, int):
            return self._real_power(base, ball(b))
        value = _integer_power(base.value, b)
        return base.through(value, lambda: multiply(arb(b), _integer_power(base.value, b - 1)))

    def _real_power(self, base: Ball, exponent: Ball) -> Ball:
        """e ** (b log a); of base 0 what it tends to, where no logarithm can say it."""
        if not (extended.finite(base.value) and base.value.is_zero()):
            return self.exp(self.log(base) * exponent)
        if extended.is_nan(exponent.value):
            return undefined([base, exponent])
        if extended.sign(exponent.value) < 0:
            return base.through(math.inf, lambda: -math.inf)
        steep = extended.order(exponent.value, ONE) < 0
        return base.through(ZERO, lambda: math.inf if steep else ZERO)

    def exp(self, x: Any) -> Ball:
        given = ball(x)
        value = extended.exp(given.value)
        return given.through(value, lambda: value)

    def log(self, x: Any) -> Ball:
        given = ball(x)
        return given.through(extended.log(given.value), lambda: divide(ONE, given.value))

    def sqrt(self, x: Any) -> Ball:
        given = ball(x)
        value = extended.sqrt(given.value)
        return given.through(value, lambda: divide(ONE, multiply(arb(2), value)))

    def abs(self, x: Any) -> Ball:
        given = ball(x)
        if extended.is_nan(given.value):
            return undefined([given])
        return self.max([given, -given])

    def max(self, terms: Sequence[Any]) -> Ball:
        numbers = [ball(term) for term in terms]
        if any(extended.is_nan(number.value) for number in numbers):
            return undefined(numbers)
        tied = [numbers[0]]
        for number in numbers[1:]:
            above = extended.order(number.value, tied[0].value)
            tied = [number] if above > 0 else tied if above < 0 else [*tied, number]
        return joined(tied) if len(tied) > 1 else tied[0]

    def min(self, terms: Sequence[Any]) -> Ball:
        return -self.max([-ball(term) for term in terms])

    def sum(self, terms: Sequence[Any]) -> Any:
        total: Any = 0
        for term in terms:
            total = total + term
        return total

    def prod(self, terms: Sequence[Any]) -> Any:
        product: Any = 1
        for term in terms:
            product = product * term
        return product

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        ordered: list[Any] = []
        for term in terms:
            place = 0
            while place < len(ordered) and self.compare("<=", ordered[place], term):
                place += 1
            ordered.insert(place, term)
        return ordered

    def xlogy(self, a: Any, b: Any) -> Ball:
        """As a function of b it is flat where a is 0; as one of a its slope there is log b.

        Where a moves, the slope by b does too.
        """
        factor, argument = ball(a), ball(b)
        if moves(factor.value) or extended.is_nan(factor.value) or extended.sign(factor.value):
            return factor * self.log(argument)
        logarithm = extended.log(argument.value)
        rising = scaled(factor.slopes, lambda slope: multiply(slope, logarithm))
        return Ball(ZERO, rising, factor.kinks)

    def choose(self, condition: Any, then: Thunk, otherwise: Thunk) -> Any:
        return then() if condition else otherwise()

    def both(self, first: Any, second: Thunk) -> Any:
        return bool(first and second())

    def either(self, first: Any, second: Thunk) -> Any:
        return bool(first or second())

    def negate(self, condition: Any) -> Any:
        return not condition

    def compare(self, operator: str, a: Any, b: Any) -> bool:
        left, right = ball(a).value, ball(b).value
        if extended.is_nan(left) or extended.is_nan(right):
            return operator == "!="
        return extended.order(left, right) in _ORDERS[operator]

    def pick(self, sequence: Sequence[Any], index: Any) -> Any:
        """An index outside gives NaN, as it may stand in a step that the loss does not take."""
        if not isinstance(index, int):
            raise FormulaError("the index is no integer; use a class index or a range")
        return sequence[index] if 0 <= index < len(sequence) else Ball(math.nan)


_ORDERS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1), "==": (0,), "!=": (-1, 1)}


def _whole(exponent: Any) -> Any:
    """A constant that is a whole number, as one: its powers need no logarithm, so any base may be."""
    if not isinstance(exponent, Ball) or exponent.slopes:
        return exponent
    value = exponent.value
    if not extended.finite(value) or not value.is_exact() or not value.is_integer():
        return exponent
    return int(value.unique_fmpz()) if abs(value) <= POWER_LIMIT else exponent


def _integer_power(base: Any, exponent: int) -> Any:
    if exponent < 0:
        return divide(ONE, _integer_power(base, -exponent))
    result = ONE
    for _ in range(exponent):
        result = multiply(result, base)
    return result


BALLS = Balls()
