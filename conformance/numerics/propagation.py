"""How each NumPy operation carries the error bounds of its operands (Wilkinson; Higham 2002, ch. 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from conformance.numerics.extremes import above, below
from conformance.numerics.formats import Floats

ROUNDED, EXACT, TRANSCENDENTAL = "rounded", "exact", "transcendental"


@dataclass(frozen=True)
class Operand:
    """A value and the bound on what an implementation may hold in its place."""

    value: Floats
    bound: Floats


Propagate = Callable[..., Floats]


@dataclass(frozen=True)
class Rule:
    """`carry(result, *operands)` is the propagated bound; `kind` says which local error is added.

    `exact_when(*operands)` marks the elements at which the operation commits no error of its own.
    """

    carry: Propagate
    kind: str
    exact_when: Callable[..., np.ndarray] | None = None


def _sum_of_bounds(_: Floats, a: Operand, b: Operand) -> Floats:
    return a.bound + b.bound


def _unmoved(bound: Floats, change: Floats) -> Floats:
    """An exact operand moves nothing, however steep the operation is: here 0 times infinity is 0."""
    return change if below(change, np.inf) else np.where(bound == 0, 0.0, change)


def _product(_: Floats, a: Operand, b: Operand) -> Floats:
    left = _unmoved(b.bound, np.abs(a.value) * b.bound)
    right = _unmoved(a.bound, np.abs(b.value) * a.bound)
    return left + right + a.bound * b.bound


def _quotient(result: Floats, a: Operand, b: Operand) -> Floats:
    room = np.abs(b.value) - b.bound
    change = a.bound + _unmoved(b.bound, np.abs(result) * b.bound)
    if above(room, 0.0):
        return change / room
    return np.where(change == 0, 0.0, change / np.where(room > 0, room, np.nan))


def _exp(result: Floats, a: Operand) -> Floats:
    return _unmoved(a.bound, result * np.expm1(a.bound))


def _expm1(_: Floats, a: Operand) -> Floats:
    return _unmoved(a.bound, np.exp(a.value) * np.expm1(a.bound))


def _log_of(value: Floats, bound: Floats) -> Floats:
    """|log(v - e) - log v|, the larger side of the monotone function."""
    part = bound / np.where(value > 0, value, np.nan)
    if below(part, 1.0):
        return np.asarray(-np.log1p(-part))
    inside = np.where(bound < value, -np.log1p(-part), np.inf)
    return np.where(bound == 0, 0.0, inside)


def _log(_: Floats, a: Operand) -> Floats:
    return _log_of(a.value, a.bound)


def _log1p(_: Floats, a: Operand) -> Floats:
    return _log_of(1.0 + a.value, a.bound)


def _sqrt(_: Floats, a: Operand) -> Floats:
    low = np.sqrt(np.maximum(a.value - a.bound, 0.0))
    near = a.bound / (np.sqrt(a.value) + low)
    far = np.sqrt(np.maximum(a.value, 0.0) + a.bound)
    return np.where(a.bound == 0, 0.0, np.where(a.value > a.bound, near, far))


def _power(result: Floats, a: Operand, b: Operand) -> Floats:
    """b log a moves by at most this much; a base that may be zero leaves the power between 0 and
    the larger end, for a positive exponent."""
    steepest = np.abs(b.value) + b.bound
    turned = np.where(b.bound == 0, 0.0, b.bound * np.abs(np.log(a.value)))
    near = np.abs(result) * np.expm1(steepest * _log_of(a.value, a.bound) + turned)
    high, least, most = a.value + a.bound, b.value - b.bound, b.value + b.bound
    far = np.where(least > 0, np.maximum(np.power(high, least), np.power(high, most)), np.inf)
    reaches_zero = (a.bound >= a.value) & (a.value >= 0)
    return np.where((a.bound == 0) & (b.bound == 0), 0.0, np.where(reaches_zero, far, near))


def _same(_: Floats, a: Operand) -> Floats:
    return a.bound


def _largest(_: Floats, a: Operand, b: Operand) -> Floats:
    return np.maximum(a.bound, b.bound)


def _sign(_: Floats, a: Operand) -> Floats:
    uncertain = (a.bound > 0) & (np.abs(a.value) <= a.bound)
    return np.where(uncertain, 2.0, 0.0)


def _square(_: Floats, a: Operand) -> Floats:
    return 2.0 * np.abs(a.value) * a.bound + a.bound**2


def _reciprocal(result: Floats, a: Operand) -> Floats:
    one = Operand(np.ones_like(a.value), np.zeros_like(a.bound))
    return _quotient(result, one, a)


def _known(operand: Operand, *values: float) -> np.ndarray:
    hit = operand.bound == 0
    if not hit.any():
        return hit
    return hit & np.logical_or.reduce([operand.value == value for value in values])


def _zero_operand(a: Operand, b: Operand) -> np.ndarray:
    return _known(a, 0.0) | _known(b, 0.0)


def _unit_operand(a: Operand, b: Operand) -> np.ndarray:
    return _known(a, 0.0, 1.0, -1.0) | _known(b, 0.0, 1.0, -1.0)


def _unit_divisor(a: Operand, b: Operand) -> np.ndarray:
    return _known(b, 1.0, -1.0) | _known(a, 0.0)


def _plain_power(a: Operand, b: Operand) -> np.ndarray:
    return _known(a, 0.0, 1.0) | _known(b, 0.0, 1.0)


def _at(value: float) -> Callable[[Operand], np.ndarray]:
    """Every implementation known returns exp 0 = 1, log 1 = 0, log1p 0 = 0 exactly."""
    return lambda a: _known(a, value)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "add": Rule(_sum_of_bounds, ROUNDED, _zero_operand),
        "subtract": Rule(_sum_of_bounds, ROUNDED, _zero_operand),
        "multiply": Rule(_product, ROUNDED, _unit_operand),
        "divide": Rule(_quotient, ROUNDED, _unit_divisor),
        "reciprocal": Rule(_reciprocal, ROUNDED),
        "square": Rule(_square, ROUNDED),
        "sqrt": Rule(_sqrt, ROUNDED),
        "negative": Rule(_same, EXACT),
        "absolute": Rule(_same, EXACT),
        "maximum": Rule(_largest, EXACT),
        "minimum": Rule(_largest, EXACT),
        "sign": Rule(_sign, EXACT),
        "power": Rule(_power, TRANSCENDENTAL, _plain_power),
        "exp": Rule(_exp, TRANSCENDENTAL, _at(0.0)),
        "expm1": Rule(_expm1, TRANSCENDENTAL, _at(0.0)),
        "log": Rule(_log, TRANSCENDENTAL, _at(1.0)),
        "log1p": Rule(_log1p, TRANSCENDENTAL, _at(0.0)),
        "tanh": Rule(_same, TRANSCENDENTAL, _at(0.0)),
    }
)


def carry(name: str, result: Floats, operands: list[Operand]) -> tuple[Floats, np.ndarray | None]:
    """Propagated bound of an operation, and where it commits no error of its own (None: nowhere).

    Raises KeyError for an operation without a rule.
    """
    rule = RULES[name]
    exact = None if rule.exact_when is None else rule.exact_when(*operands)
    if exact is not None and not exact.any():
        exact = None
    if not any(each.bound.any() for each in operands):
        return np.zeros(result.shape), exact
    bound = rule.carry(result, *operands)
    if below(bound, np.inf):
        return bound, exact
    return np.where(np.isnan(bound), np.inf, bound), exact
