"""Steps that the programs share: how losses are reduced, and how a cotangent is shared out."""

from __future__ import annotations

import math

import numpy as np

from reference.choices import parse
from reference.stable import Array, still, store


def folded(losses: Array, last_axis: str) -> Array:
    """What becomes of the last axis before any reduction; each kernel stores its result."""
    match parse(last_axis, "kept", "mean", "sum").name:
        case "mean" if losses.shape[-1]:
            return store(np.mean(losses, axis=-1))
        case "mean":
            return np.sum(losses, axis=-1) * np.nan
        case "sum":
            return store(np.sum(losses, axis=-1))
    return losses


def reduced(
    losses: Array,
    reduction: str,
    *,
    last_axis: str = "kept",
    divisor: Array = None,
    empty_mean: str = "nan",
) -> Array:
    """Reduction by the framework's own kernels.

    A mean without `divisor` is one kernel (sum and division in the accumulator, one store); with
    it the sum is stored and then divided. batchmean is the latter by the number of rows.
    """
    rows = losses.shape[0] if losses.ndim else 1
    losses = folded(losses, last_axis)
    match reduction:
        case "none":
            return losses
        case "sum":
            return store(np.sum(losses))
        case "mean" if divisor is None and losses.size:
            return store(np.mean(losses))
    total = store(np.sum(losses))
    return quotient(total, count(losses.size, reduction, divisor, rows), empty_mean)


def count(size: int, reduction: str, divisor: Array, rows: int) -> Array:
    """What the sum of the losses is divided by."""
    if reduction == "batchmean":
        return float(rows)
    return float(size) if divisor is None else divisor


def quotient(total: Array, divisor: Array, empty_mean: str) -> Array:
    if parse(empty_mean, "nan", "zero").name == "zero":
        return np.where(np.equal(divisor, 0.0), 0.0, store(total / divisor))
    return store(total / divisor)


def shared(
    cotangent: Array,
    reduction: str,
    shape: tuple[int, ...],
    *,
    last_axis: str = "kept",
    divisor: Array = None,
    empty_mean: str = "nan",
) -> Array:
    """The cotangent of each unreduced loss, of `shape`, as autograd hands it back, stored."""
    kept = shape if last_axis == "kept" else shape[:-1]
    share = cotangent
    if reduction in ("mean", "batchmean"):
        rows = shape[0] if shape else 1
        size = count(math.prod(kept), reduction, divisor, rows)
        share = quotient(cotangent, size, empty_mean)
    share = np.broadcast_to(share, kept)
    if last_axis == "kept":
        return share
    share = np.expand_dims(share, -1)
    if last_axis == "mean":
        share = store(share / float(shape[-1]))
    return np.broadcast_to(share, shape)


def constant(number: float, like: Array) -> Array:
    """A number that a kernel holds in the storage dtype of the arrays it meets."""
    held = getattr(like, "constant", None)
    return number if held is None else held(number)


def sum_in_storage(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Sum whose accumulator is no wider than the arrays."""
    narrow = getattr(x, "sum_in_storage", None)
    if narrow is None:
        return np.sum(x, axis=axis, keepdims=keepdims)
    return narrow(axis, keepdims)


def sum_over_classes(x: Array) -> Array:
    """The sum over the last axis, which is kept with length one, as torch's softmax kernels add.

    With axes behind the classes (three and more in all) each class is added to a running sum, one
    after the other, all positions side by side. Source: torch, ATen/native/cpu/SoftMaxKernel.cpp.
    """
    if x.ndim > 2 and hasattr(x, "sum_in_order"):
        return x.sum_in_order(axis=-1, keepdims=True)
    return np.sum(x, axis=-1, keepdims=True)


def centred(logits: Array) -> tuple[Array, Array]:
    """x - max, and the sum of its exponentials over the classes."""
    gap = logits - still(np.max(logits, axis=-1, keepdims=True))
    return gap, np.sum(np.exp(gap), axis=-1, keepdims=True)


def centred_in_storage(logits: Array) -> tuple[Array, Array]:
    """The same as Eigen evaluates it: the sum runs in the storage dtype."""
    gap = logits - still(np.max(logits, axis=-1, keepdims=True))
    return gap, sum_in_storage(np.exp(gap), axis=-1, keepdims=True)


def smoothed(target: Array, label_smoothing: float, classes: int) -> Array:
    """target (1 - s) + s / C, two stored operations."""
    if label_smoothing == 0.0:
        return target
    return store(store(target * (1.0 - label_smoothing)) + label_smoothing / classes)


def weighted(x: Array, weight: Array) -> Array:
    """Times the weight, in memory; untouched without one."""
    return x if weight is None else store(x * weight)


def picked(x: Array, target: Array) -> Array:
    """The entry of the target class. An ignored target may lie anywhere: it reads class 0."""
    return np.squeeze(np.take_along_axis(x, np.expand_dims(target, -1), axis=-1), -1)


def safe(target: Array, classes: int) -> Array:
    """Class indices that can be read even where the target is ignored."""
    return np.where((target >= 0) & (target < classes), target, 0)


def at_target(classes: int, target: Array) -> Array:
    """True in the place of the target class; shape (*batch, classes)."""
    return np.arange(classes) == np.expand_dims(target, -1)


def share_of_each(
    cotangent: Array, reduction: str, shape: tuple[int, ...], last_axis: str
) -> Array:
    """The cotangent of each entry; where Keras folds the last axis, autograd has divided it."""
    if last_axis == "kept":
        return np.broadcast_to(cotangent, shape)
    return shared(cotangent, reduction, shape, last_axis=last_axis)


def mean_at_last(gradient: Array, reduction: str, last_axis: str) -> Array:
    """torch's fused backwards divide by the number of elements at the very end."""
    if reduction != "mean" or last_axis != "kept" or not gradient.size:
        return gradient
    return store(gradient / float(gradient.size))


def summed_then_divided(losses: Array, reduction: str, last_axis: str, empty_mean: str) -> Array:
    """Keras sums, stores, and divides by the number of losses."""
    divisor = None
    if reduction == "mean":
        kept = losses.shape if last_axis == "kept" else losses.shape[:-1]
        divisor = float(np.prod(kept))
    return reduced(losses, reduction, last_axis=last_axis, divisor=divisor, empty_mean=empty_mean)
