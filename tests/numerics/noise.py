"""A duck array that commits, at each step, the largest local error that the model permits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from conformance.numerics import estimate
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.estimate import Estimate

NEARLY = 0.999


class Noisy(NDArrayOperatorsMixin):
    """Shares the model's local errors, not its propagation: that is what the noise tests."""

    __array_priority__ = 2000

    def __init__(self, value: Any, arithmetic: Arithmetic, random: np.random.Generator) -> None:
        self.value = np.asarray(value, dtype=np.float64)
        self.arithmetic = arithmetic
        self.random = random

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    def __getitem__(self, key: Any) -> Noisy:
        return self.like(self.value[key])

    def reshape(self, *shape: Any) -> Noisy:
        return self.like(self.value.reshape(*shape))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Noisy:
        return self.added(axis, keepdims)

    def like(self, value: Any) -> Noisy:
        return Noisy(value, self.arithmetic, self.random)

    def moved(self, state: Estimate) -> Noisy:
        """The value pushed to one edge of its local error, at random."""
        bound = np.where(np.isfinite(state.bound), state.bound, 0.0)
        sign = self.random.choice([-1.0, 1.0], state.value.shape)
        return self.like(state.value + sign * NEARLY * bound)

    def exactly(self, value: Any) -> Estimate:
        if isinstance(value, Noisy):
            return Estimate(value.value, np.zeros(value.shape), None)
        if isinstance(value, np.ndarray):
            return Estimate(value.astype(np.float64), np.zeros(value.shape), None)
        return estimate.constant(value, self.arithmetic)

    def stored(self) -> Noisy:
        return self if self.arithmetic.each_op else self.written()

    def constant(self, number: float) -> Noisy:
        return self.moved(estimate.constant(number, self.arithmetic)).written()

    def sum_in_storage(self, axis: Any = None, keepdims: bool = False) -> Noisy:
        narrow = replace(self.arithmetic, accumulator=self.arithmetic.storage)
        total = Noisy(self.value, narrow, self.random).added(axis, keepdims)
        return self.like(total.value).written()

    def written(self) -> Noisy:
        if self.arithmetic.storage is self.arithmetic.compute:
            return self
        given = self.exactly(self)
        return self.moved(estimate.rounded(given, self.arithmetic.storage, self.arithmetic))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc.nout != 1 or kwargs or method != "__call__":
            return NotImplemented
        values = [each.value if isinstance(each, Noisy) else each for each in inputs]
        with np.errstate(all="ignore"):
            if np.asarray(ufunc(*values)).dtype.kind == "b":
                return ufunc(*values)
            operands = [self.exactly(each) for each in inputs]
            return self.moved(estimate.apply(ufunc, operands, self.arithmetic))

    def added(self, axis: Any = None, keepdims: bool = False) -> Noisy:
        """One term after the other, an accumulator's rounding after each."""
        terms = self.value.ravel() if axis is None else np.moveaxis(self.value, axis, 0)
        unit = self.arithmetic.accumulator.unit_roundoff
        with np.errstate(all="ignore"):
            total = terms[0].copy() if len(terms) else np.zeros(terms.shape[1:])
            for term in terms[1:]:
                sign = self.random.choice([-1.0, 1.0], np.shape(total))
                total = (total + term) * (1.0 + sign * NEARLY * unit)
        if keepdims:
            total = (
                np.reshape(total, [1] * self.ndim) if axis is None else np.expand_dims(total, axis)
            )
        result = self.like(total)
        return result.written() if self.arithmetic.each_op else result

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.dispatch(function, args, kwargs)

    def dispatch(self, function: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where:
            a, b = (self.exactly(each).value for each in args[1:])
            return self.like(np.where(args[0], a, b))
        if function is np.sum:
            return args[0].added(*args[1:], **kwargs)
        if function is np.mean:
            x = args[0]
            total = x.added(*args[1:], **kwargs)
            count = x.size // max(total.size, 1)
            quotient = Estimate(total.value / count, np.zeros(total.shape), None)
            form = self.arithmetic.accumulator
            return self.moved(estimate.rounded(quotient, form, self.arithmetic))
        if function in (np.zeros_like, np.ones_like, np.full_like, np.shape, np.ndim, np.size):
            return function(args[0].value, *args[1:], **kwargs)
        if function is np.concatenate:
            return self.like(
                np.concatenate([self.exactly(each).value for each in args[0]], *args[1:], **kwargs)
            )
        plain = [each.value if isinstance(each, Noisy) else each for each in args]
        return self.like(function(*plain, **kwargs))
