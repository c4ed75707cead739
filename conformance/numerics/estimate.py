"""One step of running error analysis: a value, what it may be off by, and the step that made it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.extremes import below, magnitude
from conformance.numerics.formats import FLOAT32, FLOAT64, Floats, Format, representable, ulp
from conformance.numerics.propagation import EXACT, ROUNDED, RULES, TRANSCENDENTAL, Operand, carry

Mask = np.ndarray


class Estimate(NamedTuple):
    """Float64 values, a bound on |computed - value|, and where an intermediate may have overflowed.

    `overflow` is None where none can have.
    """

    value: Floats
    bound: Floats
    overflow: Mask | None


def either(*masks: Mask | None) -> Mask | None:
    """Union of masks, None standing for an empty one."""
    result: Mask | None = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None else result | mask
    return result


def constant(number: float, arithmetic: Arithmetic) -> Estimate:
    """A Python number as an operand: rounded to the format of the arrays that it meets.

    Where that is float64 the number was rounded before it came here, unless it is as short as a
    half or a two: 1 - 1e-7 is no number of float64.
    """
    value = np.asarray(number, dtype=np.float64)
    form = arithmetic.storage if arithmetic.each_op else arithmetic.compute
    short = bool(representable(value, FLOAT32 if form is FLOAT64 else form))
    bound = np.zeros(()) if short else arithmetic.rounding(value, np.zeros(()), form)
    return Estimate(value, bound, None)


def rounded(
    given: Estimate, form: Format, arithmetic: Arithmetic, exact: Mask | None = None
) -> Estimate:
    """After one rounding into `form`; none where `exact` or where the value is known and fits."""
    value, bound, _ = given
    error = arithmetic.rounding(value, bound, form)
    known = bound == 0
    if form is not FLOAT64 and known.any():
        held = known & representable(value, form) & kept(value, arithmetic)
        error = np.where(held, 0.0, error)
    if exact is not None:
        error = np.where(exact, 0.0, error)
    return ranged(given._replace(bound=bound + error), form)


def kept(value: Floats, arithmetic: Arithmetic) -> Mask | bool:
    """Where an exact result survives flushing of subnormals to zero."""
    if not arithmetic.flush_to_zero:
        return True
    return (value == 0) | (np.abs(value) >= arithmetic.compute.smallest_normal)


def _inside(given: Estimate, form: Format) -> bool:
    """Whether all stay below the largest number of `form`; then all are finite, too."""
    return bool(magnitude(given.value) + given.bound.max(initial=0.0) < form.overflow)


def ranged(given: Estimate, form: Format) -> Estimate:
    """Mark the elements that may have passed the largest number of `form`."""
    if _inside(given, form):
        return given
    reach = np.abs(given.value) + np.where(np.isfinite(given.bound), given.bound, 0.0)
    past = (reach >= form.overflow) & np.isfinite(given.value)
    return given._replace(overflow=either(given.overflow, past)) if past.any() else given


def apply(ufunc: np.ufunc, operands: list[Estimate], arithmetic: Arithmetic) -> Estimate:
    """Result of an elementwise operation. Raises KeyError for one without a rule."""
    name, compute = ufunc.__name__, arithmetic.compute
    kind = RULES[name].kind
    if kind == ROUNDED and name in arithmetic.accuracy:  # a kernel that does not round correctly
        kind = TRANSCENDENTAL
    moved = [_argument(name, each, arithmetic) for each in operands]
    value = np.asarray(ufunc(*[each.value for each in operands]))
    bound, exact = carry(name, value, moved)
    overflow = either(*[each.overflow for each in operands])
    if kind == EXACT:
        return Estimate(value, bound, overflow)
    if kind == TRANSCENDENTAL:
        bound = bound + _ulps(name, value, bound, moved[0], exact, arithmetic)
    else:
        bound = bound + _one_rounding(name, value, bound, moved, exact, arithmetic)
    past = operands[-1].overflow if name in ("divide", "reciprocal") else None
    if past is not None:
        bound = np.where(past, _past_overflow(name, value, bound, operands, compute), bound)
    result = _in_range(name, Estimate(value, bound, overflow), operands, compute)
    if arithmetic.each_op and arithmetic.storage is not compute:
        return rounded(result, arithmetic.storage, arithmetic, exact)
    return result


def _past_overflow(
    name: str, value: Floats, bound: Floats, operands: list[Estimate], form: Format
) -> Floats:
    """A quotient by an overflowed number is 0, and off by no more than its own size.

    Where float64 overflowed as well the value is 0 too, and the true one below dividend / largest.
    """
    dividend = operands[0]
    reach = np.abs(dividend.value) + dividend.bound if name == "divide" else 1.0
    least = reach / form.largest
    finite = np.where(bound < np.inf, bound, 0.0)
    return np.maximum(np.maximum(finite, np.abs(value)), least)


def _argument(name: str, given: Estimate, arithmetic: Arithmetic) -> Operand:
    """A kernel whose argument is off by `into` ulp sees a slightly larger operand bound."""
    if RULES[name].kind != TRANSCENDENTAL or not arithmetic.accuracy_of(name).into:
        return Operand(given.value, given.bound)
    finite = np.where(np.isfinite(given.value), given.value, 0.0)
    shift = arithmetic.accuracy_of(name).into * ulp(finite, arithmetic.compute)
    return Operand(given.value, given.bound + np.where(given.value == 0, 0.0, shift))


def _ulps(
    name: str,
    value: Floats,
    bound: Floats,
    argument: Operand,
    exact: Mask | None,
    arithmetic: Arithmetic,
) -> Floats:
    """What a kernel is off by, as the profile says of its function."""
    accuracy, form = arithmetic.accuracy_of(name), arithmetic.compute
    reach = np.abs(value) + bound
    count = accuracy.at(argument.value, argument.bound)
    error = count * ulp(reach, form)
    if (
        arithmetic.flush_to_zero
    ):  # a kernel may fall short of the smallest normal number, and be flushed
        low = np.abs(value) - bound - error
        flushed = np.maximum(count, 1.0) * form.smallest_normal
        error = np.where(low < form.smallest_normal, flushed, error)
    if accuracy.stored and form is not arithmetic.storage:
        error = np.maximum(error, accuracy.stored * ulp(reach, arithmetic.storage))
    if not below(reach, np.inf):
        error = np.where(np.isfinite(value), error, 0.0)
    return error if exact is None else np.where(exact, 0.0, error)


def _one_rounding(
    name: str,
    value: Floats,
    bound: Floats,
    operands: list[Operand],
    exact: Mask | None,
    arithmetic: Arithmetic,
) -> Floats:
    """None where a factor is 0 or 1, or where exact operands give a number of the format."""
    error = arithmetic.rounding(value, bound, arithmetic.compute)
    known = operands[0].bound == 0
    for each in operands[1:]:
        known = known & (each.bound == 0)
    provable = arithmetic.compute is not FLOAT64 or name in ("add", "subtract")
    if provable and known.any():
        fits = representable(value, arithmetic.compute) & kept(value, arithmetic)
        held = known & fits & _committed_none(name, value, operands)
        error = np.where(held, 0.0, error)
    return error if exact is None else np.where(exact, 0.0, error)


def _committed_none(name: str, value: Floats, operands: list[Operand]) -> Mask | bool:
    """Whether float64 itself was exact: for sums of any operands, else for those of 24 bits at most.

    Sums by the error term of Knuth's two-sum; quotients and roots by multiplying back, which is
    exact in float64 for such numbers, as products are.
    """
    a = operands[0].value
    if name in ("add", "subtract"):
        b = operands[1].value if name == "add" else -operands[1].value
        back = value - a
        return np.asarray((a - (value - back)) + (b - back) == 0)
    if name == "divide":
        return np.asarray(value * operands[1].value == a)
    if name == "sqrt":
        return np.asarray(value * value == a)
    if name == "reciprocal":
        return np.asarray(value * a == 1.0)
    return True


def _in_range(name: str, result: Estimate, operands: list[Estimate], form: Format) -> Estimate:
    """Mark what left the range although its operands had not; a pole is infinite by right."""
    if _inside(result, form):
        return result
    if np.isinf(result.value).any():  # even float64 overflowed, unless an infinity was given
        finite: Mask = np.isfinite(operands[0].value)
        for each in operands[1:]:
            finite = finite & np.isfinite(each.value)
        left = finite & np.isinf(result.value) & ~_pole(name, operands)
        left = left | _vanished(name, operands)
        if left.any():
            result = result._replace(overflow=either(result.overflow, left))
    return ranged(result, form)


def _vanished(name: str, operands: list[Estimate]) -> Mask | bool:
    """Where a factor that may have underflowed to 0 meets an infinity: NaN, which none was due."""
    if name != "multiply":
        return False
    a, b = operands

    def at(one: Estimate, other: Estimate) -> Mask:
        small = (other.bound > 0) & (np.abs(other.value) <= other.bound)
        return np.asarray(np.isinf(one.value) & small)

    return at(a, b) | at(b, a)


def _pole(name: str, operands: list[Estimate]) -> Mask:
    """Where the exact function is infinite: log 0, log1p of -1, a quotient by 0, 0 ** -1."""
    last = operands[-1].value
    if name == "power":
        return np.asarray((operands[0].value == 0) & (last < 0))
    at = {"log": 0.0, "log1p": -1.0, "divide": 0.0, "reciprocal": 0.0}.get(name)
    return np.zeros(last.shape, dtype=bool) if at is None else np.asarray(last == at)


def chosen(condition: Mask, unsure: Mask | None, a: Estimate, b: Estimate) -> Estimate:
    """`np.where`; both branches where the condition is unsure: off by as much as they lie apart."""
    value = np.where(condition, a.value, b.value)
    bound = np.where(condition, a.bound, b.bound)
    overflow = None
    if a.overflow is not None or b.overflow is not None:
        none = np.zeros((), dtype=bool)
        left = none if a.overflow is None else a.overflow
        right = none if b.overflow is None else b.overflow
        overflow = np.where(condition, left, right)
        if unsure is not None:
            overflow = overflow | (unsure & (left | right))
    if unsure is not None and unsure.any():
        other = np.where(condition, b.bound, a.bound)
        apart = np.abs(a.value - b.value) + other
        apart = np.where((a.value == b.value), other, np.where(np.isnan(apart), np.inf, apart))
        bound = np.where(unsure, np.maximum(bound, apart), bound)
    return Estimate(value, bound, overflow)
