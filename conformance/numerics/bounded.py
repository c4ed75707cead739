"""The error-carrying array: a NumPy duck array that runs a loss program and bounds its rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from conformance.numerics import estimate, totals
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.estimate import Estimate, Mask
from conformance.numerics.formats import Floats
from conformance.numerics.overlay import Overlay
from conformance.numerics.propagation import RULES
from conformance.numerics.uncertain import Uncertain

_COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
_PREDICATES = {"isnan", "isinf", "isfinite", "signbit"}


class Bounded(NDArrayOperatorsMixin):
    """Values in float64 and a bound on |computed - value| for any implementation of the same steps.

    Plain arrays among the operands are exact; a Python number is rounded to the format it meets.
    """

    __array_priority__ = 1000

    def __init__(self, state: Estimate, arithmetic: Arithmetic) -> None:
        self.state = state
        self.arithmetic = arithmetic

    @property
    def value(self) -> Floats:
        return self.state.value

    @property
    def bound(self) -> Floats:
        """Absolute; of the value's shape."""
        return np.broadcast_to(self.state.bound, self.value.shape)

    @property
    def overflow(self) -> Mask:
        """Where an intermediate may have left the range of its format."""
        mask = self.state.overflow
        return np.broadcast_to(False if mask is None else mask, self.value.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, key: Any) -> Bounded:
        return self.rearranged(lambda each: np.asarray(each[key]))

    def reshape(self, *shape: Any) -> Bounded:
        return self.rearranged(lambda each: each.reshape(*shape))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Bounded:
        return _sum(self, axis=axis, keepdims=keepdims)

    def rearranged(self, move: Callable[[Any], Any]) -> Bounded:
        """The same elements elsewhere: `move` is applied to value, bound and overflow alike."""
        overflow = None if self.state.overflow is None else move(self.overflow)
        return Bounded(Estimate(move(self.value), move(self.bound), overflow), self.arithmetic)

    def stored(self) -> Bounded:
        """The value after a write to memory in the storage format.

        Nothing happens where every operation has already written its result.
        """
        return self if self.arithmetic.each_op else self.written()

    def written(self) -> Bounded:
        """The value rounded once to the storage format."""
        if self.arithmetic.storage is self.arithmetic.compute:
            return self
        with np.errstate(all="ignore"):
            state = estimate.rounded(self.state, self.arithmetic.storage, self.arithmetic)
        return Bounded(state, self.arithmetic)

    def constant(self, number: float) -> Bounded:
        """A number that a kernel holds in the storage format."""
        state = estimate.constant(number, self.arithmetic)
        return Bounded(state, self.arithmetic).written()

    def sum_in_storage(self, axis: int | None = None, keepdims: bool = False) -> Bounded:
        """Sum with an accumulator no wider than the storage format."""
        narrow = replace(self.arithmetic, accumulator=self.arithmetic.storage)
        with np.errstate(all="ignore"):
            state = totals.summed(self.state, axis, keepdims, narrow)
        return Bounded(state, self.arithmetic).written()

    def sum_in_order(self, axis: int | None = None, keepdims: bool = False) -> Bounded:
        """Sum of terms that are added one after the other, however many there are."""
        in_order = replace(self.arithmetic, strict_order=True)
        with np.errstate(all="ignore"):
            state = totals.summed(self.state, axis, keepdims, in_order)
        result = Bounded(state, self.arithmetic)
        return result.written() if self.arithmetic.each_op else result

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or kwargs or any(isinstance(each, Overlay) for each in inputs):
            return NotImplemented
        if name in _PREDICATES:
            return ufunc(self.value)
        with np.errstate(all="ignore"):
            operands = [_estimate_of(each, self.arithmetic) for each in inputs]
            if name in _COMPARISONS:
                return _compare(ufunc, *operands)
            if name not in RULES:
                return NotImplemented
            if name == "divide" and isinstance(inputs[1], (int, float)):
                operands[0] = totals.off_by_reciprocal(operands[0], inputs[1], self.arithmetic)
            return Bounded(estimate.apply(ufunc, operands, self.arithmetic), self.arithmetic)

    def __array_function__(
        self, function: Any, types: Iterable[type], args: Any, kwargs: Any
    ) -> Any:
        handler = FUNCTIONS.get(function)
        if handler is None or any(issubclass(kind, Overlay) for kind in types):
            return NotImplemented
        with np.errstate(all="ignore"):
            return handler(*args, **kwargs)


def bounded(values: Any, arithmetic: Arithmetic, bound: Any = 0.0) -> Bounded:
    """An input that is known up to `bound` (absolute).

    Where the arithmetic reads subnormals as zero, those are off by their own size, and have left
    the range as an overflowed intermediate has.
    """
    value = np.asarray(values, dtype=np.float64)
    given = np.broadcast_to(np.asarray(bound, dtype=np.float64), value.shape)
    if arithmetic.denormals_are_zero:
        small = (np.abs(value) < arithmetic.storage.smallest_normal) & (value != 0)
        given = np.where(small, np.maximum(given, np.abs(value)), given)
        if small.any():
            return Bounded(Estimate(value, given, small), arithmetic)
    return Bounded(Estimate(value, given, None), arithmetic)


def _estimate_of(each: Any, arithmetic: Arithmetic) -> Estimate:
    if isinstance(each, Bounded):
        return each.state
    if isinstance(each, Uncertain):
        raise TypeError("arithmetic on a comparison of uncertain values; use np.where")
    if isinstance(each, np.ndarray):
        value = np.asarray(each, dtype=np.float64)
        return Estimate(value, np.zeros(value.shape), None)
    return estimate.constant(each, arithmetic)


def _compare(ufunc: np.ufunc, a: Estimate, b: Estimate) -> Uncertain:
    doubt = a.bound + b.bound
    value = np.asarray(ufunc(a.value, b.value))
    if not doubt.any():
        return Uncertain(value, None)
    clear = (np.abs(a.value - b.value) > doubt) | (doubt == 0)
    return Uncertain(value, np.broadcast_to(~clear, value.shape))


def _where(condition: Any, then: Any, otherwise: Any) -> Bounded:
    arithmetic = next(x.arithmetic for x in (then, otherwise) if isinstance(x, Bounded))
    a, b = _estimate_of(then, arithmetic), _estimate_of(otherwise, arithmetic)
    if isinstance(condition, Uncertain):
        state = estimate.chosen(condition.value, condition.ambiguous, a, b)
    else:
        state = estimate.chosen(np.asarray(condition), None, a, b)
    return Bounded(state, arithmetic)


def _sum(x: Bounded, axis: int | None = None, keepdims: bool = False) -> Bounded:
    result = Bounded(totals.summed(x.state, axis, keepdims, x.arithmetic), x.arithmetic)
    return result.written() if x.arithmetic.each_op else result


def _mean(x: Bounded, axis: int | None = None, keepdims: bool = False) -> Bounded:
    """Sum and division in the accumulator, one store: a mean kernel never stores the sum."""
    arithmetic = x.arithmetic
    total = totals.summed(x.state, axis, keepdims, arithmetic)
    count = x.size // total.value.size if total.value.size else 0
    mean = totals.divided(total, count, arithmetic.accumulator, arithmetic)
    result = Bounded(mean, arithmetic)
    return result.written() if arithmetic.each_op else result


def _max(x: Bounded, axis: int | None = None, keepdims: bool = False) -> Bounded:
    return x.rearranged(lambda each: each.max(axis=axis, keepdims=keepdims))


def _concatenate(parts: Any, axis: int = 0) -> Bounded:
    arithmetic = next(x.arithmetic for x in parts if isinstance(x, Bounded))
    whole = [Bounded(_estimate_of(x, arithmetic), arithmetic) for x in parts]
    value = np.concatenate([x.value for x in whole], axis)
    bound = np.concatenate([x.bound for x in whole], axis)
    overflow = np.concatenate([x.overflow for x in whole], axis)
    return Bounded(Estimate(value, bound, overflow if overflow.any() else None), arithmetic)


def _moves(function: Callable[..., Any]) -> Callable[..., Bounded]:
    return lambda x, *args, **kwargs: x.rearranged(lambda each: function(each, *args, **kwargs))


def _of_value(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: function(x.value, *args, **kwargs)


_MOVES = (
    np.take_along_axis, np.expand_dims, np.squeeze, np.broadcast_to, np.reshape, np.moveaxis,
    np.swapaxes, np.transpose,
)  # fmt: skip
_SHAPES = (np.zeros_like, np.ones_like, np.full_like, np.shape, np.ndim, np.size)

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.sum: _sum,
    np.mean: _mean,
    np.max: _max,
    np.concatenate: _concatenate,
    **{each: _moves(each) for each in _MOVES},
    **{each: _of_value(each) for each in _SHAPES},
}
