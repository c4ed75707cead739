"""The few tricks that keep a loss accurate, each with its reason."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A float64 NumPy array, or a duck array that runs the same operations; no program asks which."""


def store(x: Array) -> Array:
    """Mark the point at which an implementation writes an intermediate in its storage dtype."""
    stored = getattr(x, "stored", None)
    return x if stored is None else stored()


def still(x: Array) -> Array:
    """Mark what an implementation takes no slope through, as the largest logit that it subtracts."""
    held = getattr(x, "still", None)
    return x if held is None else held()


def sloped(result: Array, *operands: tuple[Array, Callable[[Array], Array]]) -> Array:
    """An elementwise result whose slopes an implementation computes in ways of its own.

    Each operand comes with what takes how it moves to how the result does; the same takes a slope by
    the result to one by the operand. It is not differentiated again.
    """
    declared = getattr(result, "with_slopes", None)
    return result if declared is None else declared(operands)


def times(factor: Array, x: Array) -> Array:
    """The product, and 0 where `factor` is 0, even against an infinity."""
    return np.where(factor == 0, 0.0, factor * x)


def xlogy(x: Array, y: Array) -> Array:
    """x log y, and 0 where x is 0, whatever y is."""
    return times(x, np.log(y))


def softplus(x: Array) -> Array:
    """log(1 + e^x).

    Both terms are non-negative and the exponential never overflows.
    """
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + e^-x)), minus the softplus of -x."""
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), accurate in both tails: the exponential is at most 1."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def log_sum_exp(x: Array) -> Array:
    """log of the sum of e^x over the last axis, which is kept with length 1."""
    parts = _scaled(x)
    return parts.largest + _log_total(parts)


def log_softmax(x: Array) -> Array:
    """x less its log-sum-exp, over the last axis."""
    return -surprisal(x)


def surprisal(x: Array) -> Array:
    """Minus the log-softmax over the last axis, with a small relative error down to 0.

    The distance to the largest entry and the log of the scaled total are both non-negative, so
    nothing cancels, and a single largest entry leaves log(1 + rest), from which no 1 is dropped.
    """
    parts = _scaled(x)
    return parts.gap + _log_total(parts)


class Shares(NamedTuple):
    """Softmax, and one minus it; neither is computed from the other."""

    probability: Array
    complement: Array


def shares(x: Array) -> Shares:
    """Softmax over the last axis and its complement, the latter as the share of the others."""
    parts = _scaled(x)
    total = parts.tied + parts.rest
    alone = parts.is_largest & (parts.tied < _TWO_TIED)
    others = np.where(alone, parts.rest, total - parts.terms)
    return Shares(parts.terms / total, others / total)


def sum_of_others(x: Array) -> Array:
    """Sum over the last axis without each entry itself, for non-negative x; in linear time.

    Taking an entry out of the total loses digits only where that entry is most of it; there the
    rest is summed alone. The threshold is no value that rounded weights are likely to sit on.
    """
    total = np.sum(x, axis=-1, keepdims=True)
    dominant = x > 0.6875 * total
    rest = np.sum(np.where(dominant, 0.0, x), axis=-1, keepdims=True)
    return np.where(dominant, rest, total - x)


class _Scaled(NamedTuple):
    largest: Array
    is_largest: Array
    gap: Array
    terms: Array
    tied: Array
    rest: Array


_TWO_TIED = 1.5  # between one and two entries that share the largest value, clear of rounding


def _scaled(x: Array) -> _Scaled:
    """Exponentials relative to the largest entry: those that equal it, counted, and the rest."""
    largest = np.max(x, axis=-1, keepdims=True)
    is_largest = x == largest
    gap = largest - x
    terms = np.exp(-gap)
    tied = np.sum(np.where(is_largest, terms, 0.0), axis=-1, keepdims=True)
    rest = np.sum(np.where(is_largest, 0.0, terms), axis=-1, keepdims=True)
    return _Scaled(largest, is_largest, gap, terms, tied, rest)


def _log_total(parts: _Scaled) -> Array:
    return np.where(parts.tied < _TWO_TIED, np.log1p(parts.rest), np.log(parts.tied + parts.rest))
