"""From the losses of the samples to the result, and the way back for gradients."""

import math

import numpy as np

from reference.choices import parse
from reference.stable import Array

REDUCTIONS = ("none", "mean", "sum", "batchmean")


def reduce(
    losses: Array,
    reduction: str,
    *,
    divisor: Array = None,
    rows: int | None = None,
    empty_mean: str = "nan",
    last_axis: str = "kept",
) -> Array:
    """Reduce unreduced losses.

    `divisor` is what a mean divides by (default: the number of losses), `rows` what a batchmean
    divides by. `last_axis` says what becomes of the last axis before that: kept, mean or sum.
    Raises ValueError for a reduction that is not known.
    """
    losses = _folded(losses, last_axis)
    match reduction:
        case "none":
            return losses
        case "sum":
            return np.sum(losses)
        case "mean" if divisor is None and losses.size:
            return np.mean(losses)
    return quotient(np.sum(losses), _divisor(losses.size, reduction, divisor, rows), empty_mean)


def spread(
    cotangent: Array,
    reduction: str,
    shape: tuple[int, ...],
    *,
    divisor: Array = None,
    rows: int | None = None,
    empty_mean: str = "nan",
    last_axis: str = "kept",
) -> Array:
    """Give each unreduced loss, of `shape`, its share of a cotangent: `reduce` transposed."""
    kept = shape if parse(last_axis, "kept", "mean", "sum").name == "kept" else shape[:-1]
    share = cotangent
    if reduction not in ("none", "sum"):
        size = _divisor(math.prod(kept), reduction, divisor, rows)
        share = quotient(cotangent, size, empty_mean)
    share = np.broadcast_to(share, kept)
    if kept == shape:
        return share
    share = np.expand_dims(share, -1)
    return np.broadcast_to(share / shape[-1] if last_axis == "mean" else share, shape)


def _folded(losses: Array, last_axis: str) -> Array:
    match parse(last_axis, "kept", "mean", "sum").name:
        case "sum":
            return np.sum(losses, axis=-1)
        case "mean" if losses.shape[-1]:
            return np.mean(losses, axis=-1)
        case "mean":
            return np.sum(losses, axis=-1) * np.nan
    return losses


def _divisor(size: int, reduction: str, divisor: Array, rows: int | None) -> Array:
    match reduction:
        case "mean":
            return size if divisor is None else divisor
        case "batchmean" if rows is not None:
            return rows
    raise ValueError(f"reduction: {reduction!r} is not known here; use {', '.join(REDUCTIONS)}")


def quotient(total: Array, divisor: Array, empty_mean: str) -> Array:
    """The total over the divisor; over 0 it is what the mean of nothing is."""
    if parse(empty_mean, "nan", "zero").name == "zero":
        return np.where(np.equal(divisor, 0), 0.0, total / divisor)
    return total / divisor
