"""Reverse differentiation of a program: an array that records the way back to what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from conformance.numerics.overlay import FLAT, MOVES, SHAPES, SLOPES, Overlay, under

Pull = Callable[[Any], Any]
"""From the slope by a result to the slope by one of its operands."""


class Recorded(Overlay):
    """An array and the paths back to its operands, walked as autograd walks its graph."""

    def __init__(self, value: Any, *paths: tuple[Recorded, Pull]) -> None:
        super().__init__(value)
        self.paths = paths
        self.depth: int = 1 + max((to.depth for to, _ in paths), default=0)

    def __getitem__(self, key: Any) -> Recorded:
        return self.moved(lambda each: each[key])

    def reshape(self, *shape: Any) -> Recorded:
        return self.moved(lambda each: each.reshape(*shape))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return _summed(self, np.sum, axis, keepdims)

    def moved(self, move: Callable[[Any], Any]) -> Recorded:
        """The same elements elsewhere, some left out: the slopes go back to their places."""
        shape = self.shape
        taken = move(np.arange(self.size).reshape(shape)).reshape(-1)
        place = np.full(self.size, -1)
        place[taken] = np.arange(taken.size)
        safe = np.maximum(place, 0)

        def pull(slope: Any) -> Any:
            if not taken.size:
                return np.zeros(shape)
            back = np.where(place >= 0, slope.reshape(-1)[safe], 0.0)
            return back.reshape(shape)

        return Recorded(move(self.value), (self, pull))

    def stored(self) -> Recorded:
        return self._kept("stored")

    def written(self) -> Recorded:
        return self._kept("written")

    def _kept(self, way: str) -> Recorded:
        def keep(each: Any) -> Any:
            return getattr(each, way)() if hasattr(each, way) else each

        return Recorded(keep(self.value), (self, keep))

    def sum_in_storage(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return _summed(self, _way_of("sum_in_storage"), axis, keepdims)

    def sum_in_order(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return _summed(self, _way_of("sum_in_order"), axis, keepdims)

    def with_slopes(self, operands: Iterable[tuple[Any, Pull]]) -> Any:
        """The value with the ways back that its program says, to the operands that are recorded."""
        paths = [(each, slope) for each, slope in operands if isinstance(each, Recorded)]
        return Recorded(self.value, *paths) if paths else self.value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or kwargs:
            return NotImplemented
        values = [under(each) for each in inputs]
        result = ufunc(*values)
        if name in FLAT:
            return result
        paths = [
            (each, _through(name, place, result, values))
            for place, each in enumerate(inputs)
            if isinstance(each, Recorded)
        ]
        return Recorded(result, *paths)

    def __array_function__(
        self, function: Any, types: Iterable[type], args: Any, kwargs: Any
    ) -> Any:
        if function is np.broadcast_to:
            x, shape = args
            value = np.broadcast_to(x.value, shape)
            return Recorded(value, (x, lambda slope: unbroadcast(slope, x.shape)))
        if function in MOVES:
            x, *rest = args
            return x.moved(lambda each: function(each, *rest, **kwargs))
        handler = FUNCTIONS.get(function)
        return NotImplemented if handler is None else handler(*args, **kwargs)


def _through(name: str, place: int, result: Any, values: list[Any]) -> Pull:
    shape = np.shape(values[place])
    slope_of = SLOPES[name][place]
    return lambda slope: unbroadcast(slope_of(slope, result, *values), shape)


def unbroadcast(slope: Any, shape: tuple[int, ...]) -> Any:
    """Slopes added up over the axes along which an operand was repeated."""
    while np.ndim(slope) > len(shape):
        slope = np.sum(slope, axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and np.shape(slope)[axis] != 1:
            slope = np.sum(slope, axis=axis, keepdims=True)
    return slope


def _way_of(way: str) -> Callable[..., Any]:
    def summed(x: Any, axis: int | None, keepdims: bool) -> Any:
        own: Any = getattr(x, way, None)
        return _sum(x, axis, keepdims) if own is None else own(axis=axis, keepdims=keepdims)

    return summed


def _sum(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _summed(x: Recorded, way: Callable[..., Any], axis: int | None, keepdims: bool) -> Recorded:
    def pull(slope: Any) -> Any:
        if axis is not None and not keepdims:
            slope = np.expand_dims(slope, axis)
        return np.broadcast_to(slope, x.shape)

    return Recorded(way(x.value, axis=axis, keepdims=keepdims), (x, pull))


def _mean(x: Recorded, axis: int | None = None, keepdims: bool = False) -> Recorded:
    count = x.size // max(np.size(np.sum(np.zeros(x.shape), axis=axis)), 1)

    def pull(slope: Any) -> Any:
        whole = slope if axis is None or keepdims else np.expand_dims(slope, axis)
        return np.broadcast_to(whole / float(count), x.shape)

    return Recorded(np.mean(x.value, axis=axis, keepdims=keepdims), (x, pull))


def _max(x: Recorded, axis: int = -1, keepdims: bool = False) -> Recorded:
    plain = getattr(x.value, "value", x.value)
    place = np.expand_dims(np.argmax(plain, axis=axis), axis)
    found = x.moved(lambda each: np.take_along_axis(each, place, axis=axis))
    return found if keepdims else found.moved(lambda each: np.squeeze(each, axis))


def _where(condition: Any, then: Any, otherwise: Any) -> Recorded:
    value = np.where(condition, under(then), under(otherwise))
    paths: list[tuple[Recorded, Pull]] = []
    if isinstance(then, Recorded):
        paths.append((then, _side(condition, then.shape, True)))
    if isinstance(otherwise, Recorded):
        paths.append((otherwise, _side(condition, otherwise.shape, False)))
    return Recorded(value, *paths)


def _side(condition: Any, shape: tuple[int, ...], holds: bool) -> Pull:
    def pull(slope: Any) -> Any:
        taken = np.where(condition, slope, 0.0) if holds else np.where(condition, 0.0, slope)
        return unbroadcast(taken, shape)

    return pull


def _concatenate(parts: Any, axis: int = 0) -> Recorded:
    value = np.concatenate([under(each) for each in parts], axis=axis)
    paths, start = [], 0
    for each in parts:
        stop = start + np.shape(each)[axis]
        if isinstance(each, Recorded):
            key = (slice(None),) * (axis % np.ndim(each)) + (slice(start, stop),)
            paths.append((each, lambda slope, key=key: slope[key]))
        start = stop
    return Recorded(value, *paths)


def _of_value(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: function(under(x), *args, **kwargs)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.sum: lambda x, axis=None, keepdims=False: _summed(x, _sum, axis, keepdims),
    np.mean: _mean,
    np.max: _max,
    np.concatenate: _concatenate,
    **{each: _of_value(each) for each in (*SHAPES, np.shape, np.ndim, np.size)},
}


def walked_back(
    results: Mapping[str, tuple[Any, Any]], inputs: Mapping[str, Recorded]
) -> dict[str, Any]:
    """The slope by each input of results that are each given a seed: (result, seed) by name."""
    parts: dict[int, Any] = {}
    starts = [(each, seed) for each, seed in results.values() if isinstance(each, Recorded)]
    for each, seed in starts:
        _add(parts, each, seed)
    for node in _in_order([each for each, _ in starts]):
        slope = parts.get(id(node))
        if slope is not None:
            for to, pull in node.paths:
                _add(parts, to, pull(slope))
    return {name: parts.get(id(given), np.zeros(given.shape)) for name, given in inputs.items()}


def _add(parts: dict[int, Any], node: Recorded, slope: Any) -> None:
    known = parts.get(id(node))
    parts[id(node)] = slope if known is None else known + slope


def _in_order(starts: list[Recorded]) -> list[Recorded]:
    """Everything that the results were made of, results before their operands."""
    seen = {id(each): each for each in starts}
    waiting = list(starts)
    while waiting:
        for to, _ in waiting.pop().paths:
            if id(to) not in seen:
                seen[id(to)] = to
                waiting.append(to)
    return sorted(seen.values(), key=lambda node: -node.depth)
