"""An array that knows what it was made of, and the way back through that to the slopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from conformance.numerics.estimate import Mask
from conformance.numerics.language import Arrays

Pull = Callable[[Any], Any]
"""From the slope by a result to the slope by one of its operands."""


@dataclass(frozen=True)
class Path:
    """The way from a result back to one operand; `where` limits it to some samples."""

    to: Traced
    pull: Pull
    where: Mask | None = None


class Traced:
    """An array, and the paths back to what it was made of."""

    __array_ufunc__ = None  # NumPy leaves `array + traced` to this class

    def __init__(self, value: Any, paths: tuple[Path, ...] = ()) -> None:
        self.value = value
        self.paths = paths
        self.depth: int = 1 + max((path.to.depth for path in paths), default=0)

    def __add__(self, other: Any) -> Traced:
        return made(plain(self) + plain(other), (self, as_it_is), (other, as_it_is))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Traced:
        return made(plain(self) - plain(other), (self, as_it_is), (other, _negated))

    def __rsub__(self, other: Any) -> Traced:
        return made(plain(other) - plain(self), (self, _negated))

    def __mul__(self, other: Any) -> Traced:
        a, b = plain(self), plain(other)
        return made(a * b, (self, lambda slope: slope * b), (other, lambda slope: slope * a))

    __rmul__ = __mul__

    def __neg__(self) -> Traced:
        return made(-self.value, (self, _negated))


def plain(x: Any) -> Any:
    """The array of a traced number, anything else as it is."""
    return x.value if isinstance(x, Traced) else x


def as_it_is(slope: Any) -> Any:
    return slope


def _negated(slope: Any) -> Any:
    return -slope


def made(value: Any, *operands: tuple[Any, Pull]) -> Traced:
    """A result with its operands; those that depend on no input are left out."""
    return Traced(value, tuple(Path(x, pull) for x, pull in operands if isinstance(x, Traced)))


class Slope(NamedTuple):
    """The slope by one input, and where that input has an influence; None is everywhere."""

    value: Any
    reached: Mask | None


def slopes(
    result: Any, inputs: Mapping[Any, Traced], seed: Any, arrays: Arrays
) -> dict[Any, Slope]:
    """The slope of a result by each input, times the seed; 0 where it has no influence."""
    found: dict[Any, Slope] = dict.fromkeys(inputs, Slope(0.0, np.zeros((), dtype=bool)))
    if not isinstance(result, Traced):
        return found
    parts: dict[int, list[tuple[Any, Mask | None]]] = {id(result): [(seed, None)]}
    for node in _in_order(result):
        slope, reached = _gathered(parts.pop(id(node), []), arrays)
        if slope is None:
            continue
        for name, given in inputs.items():
            if given is node:
                found[name] = Slope(slope, reached)
        for path in node.paths:
            where = _both(reached, path.where)
            if where is not None and not where.any():
                continue
            part = path.pull(slope)
            if where is not None and not where.all():
                part = np.where(where, part, 0.0)
            parts.setdefault(id(path.to), []).append((part, where))
    return found


def _in_order(result: Traced) -> list[Traced]:
    """Everything that a result was made of, results before their operands."""
    seen, waiting = {id(result): result}, [result]
    while waiting:
        for path in waiting.pop().paths:
            if id(path.to) not in seen:
                seen[id(path.to)] = path.to
                waiting.append(path.to)
    return sorted(seen.values(), key=lambda node: -node.depth)


def _gathered(parts: list[tuple[Any, Mask | None]], arrays: Arrays) -> tuple[Any, Mask | None]:
    """The sum of the slopes that arrive, and where any does."""
    if not parts:
        return None, None
    total = arrays.sum([part for part, _ in parts]) if len(parts) > 1 else parts[0][0]
    reached: Mask | None = np.zeros((), dtype=bool)
    for _, where in parts:
        reached = None if reached is None or where is None else reached | where
    return total, reached


def _both(a: Mask | None, b: Mask | None) -> Mask | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b
