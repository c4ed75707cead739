"""Forward differentiation of a program: an array, and how it moves along a direction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import numpy as np

from conformance.numerics.overlay import FLAT, MOVES, SHAPES, SLOPES, Overlay, under


class Moving(Overlay):
    """A dual number's two halves, `value` and `tangent`, both plain or both with error bounds.

    Whatever the program does to the value, the tangent follows by the slope of each step, each
    computed in the arithmetic of the values: the rounding errors of forward mode as it is composed.
    """

    def __init__(self, value: Any, tangent: Any) -> None:
        super().__init__(value)
        self.tangent = tangent

    def __getitem__(self, key: Any) -> Moving:
        return self.both(lambda each: each[key])

    def reshape(self, *shape: Any) -> Moving:
        return self.both(lambda each: each.reshape(*shape))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Moving:
        return self.both(lambda each: np.sum(each, axis=axis, keepdims=keepdims))

    def both(self, linear: Callable[[Any], Any]) -> Moving:
        """What a linear operation makes of value and tangent."""
        return Moving(linear(self.value), linear(self.tangent))

    def stored(self) -> Moving:
        return self.both(_stored)

    def written(self) -> Moving:
        return self.both(lambda each: each.written() if hasattr(each, "written") else each)

    def sum_in_storage(self, axis: int | None = None, keepdims: bool = False) -> Moving:
        return self.both(lambda each: _sum(each, "sum_in_storage", axis, keepdims))

    def sum_in_order(self, axis: int | None = None, keepdims: bool = False) -> Moving:
        return self.both(lambda each: _sum(each, "sum_in_order", axis, keepdims))

    def with_slopes(self, operands: Iterable[tuple[Any, Callable[[Any], Any]]]) -> Any:
        """The value with a tangent that its program says, of the operands that move."""
        parts = [slope(each.tangent) for each, slope in operands if isinstance(each, Moving)]
        return Moving(self.value, reduce(np.add, parts)) if parts else self.value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or kwargs:
            return NotImplemented
        values = [under(each) for each in inputs]
        result = ufunc(*values)
        if name in FLAT:
            return result
        tangent: Any = None
        for place, each in enumerate(inputs):
            if isinstance(each, Moving):
                part = SLOPES[name][place](each.tangent, result, *values)
                tangent = part if tangent is None else tangent + part
        return Moving(result, np.broadcast_to(tangent, np.shape(result)))

    def __array_function__(
        self, function: Any, types: Iterable[type], args: Any, kwargs: Any
    ) -> Any:
        if function in MOVES or function in (np.sum, np.mean):
            x, *rest = args
            return x.both(lambda each: function(each, *rest, **kwargs))
        handler = FUNCTIONS.get(function)
        return NotImplemented if handler is None else handler(*args, **kwargs)


def _stored(each: Any) -> Any:
    return each.stored() if hasattr(each, "stored") else each


def _sum(each: Any, way: str, axis: int | None, keepdims: bool) -> Any:
    summed = getattr(each, way, None)
    if summed is None:
        return np.sum(each, axis=axis, keepdims=keepdims)
    return summed(axis=axis, keepdims=keepdims)


def tangent_of(x: Any, shape: tuple[int, ...] | None = None) -> Any:
    """How an array moves; zeros where it does not."""
    if isinstance(x, Moving):
        return x.tangent
    return np.zeros(np.shape(x) if shape is None else shape)


def _where(condition: Any, then: Any, otherwise: Any) -> Moving:
    value = _either(condition, under(then), under(otherwise))
    return Moving(value, _either(condition, tangent_of(then), tangent_of(otherwise)))


def _either(condition: Any, then: Any, otherwise: Any) -> Any:
    """np.where, also of an uncertain condition over sides that carry no bound: either may be."""
    return np.where(condition, then, otherwise)


def _max(x: Moving, axis: int = -1, keepdims: bool = False) -> Moving:
    """The tangent of the largest; the first of equals, which is one of its slopes."""
    plain = getattr(x.value, "value", x.value)
    place = np.expand_dims(np.argmax(plain, axis=axis), axis)

    def taken(each: Any) -> Any:
        found = np.take_along_axis(each, place, axis=axis)
        return found if keepdims else np.squeeze(found, axis)

    return Moving(np.max(x.value, axis=axis, keepdims=keepdims), taken(x.tangent))


def _concatenate(parts: Any, axis: int = 0) -> Moving:
    values = np.concatenate([under(each) for each in parts], axis=axis)
    return Moving(values, np.concatenate([tangent_of(each) for each in parts], axis=axis))


def _of_value(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: function(under(x), *args, **kwargs)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.max: _max,
    np.concatenate: _concatenate,
    **{each: _of_value(each) for each in (*SHAPES, np.shape, np.ndim, np.size)},
}
