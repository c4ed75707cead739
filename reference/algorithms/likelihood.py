"""Negative log-likelihood and cross-entropy with class indices, as torch orders them.

Source: torch, ATen/native/LossNLL.cpp, LossNLL2d.cpp and cpu/LogSoftmaxKernelImpl.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import (
    at_target,
    constant,
    picked,
    quotient,
    safe,
    sum_in_storage,
    sum_over_classes,
)
from reference.stable import Array, still, store


def log_softmax(logits: Array, rows: bool = False) -> Array:
    """x - max - log(sum(exp(x - max))), in that order.

    Over the last axis of a matrix the sum and its log are held in the storage dtype
    (`tmp_sum_scalar`); with further axes behind the classes they stay in registers. With `rows`
    the classes are last in memory too, however many axes there are before them.
    """
    centred = logits - still(np.max(logits, axis=-1, keepdims=True))
    if rows or logits.ndim <= 2:
        total = np.sum(np.exp(centred), axis=-1, keepdims=True)
        return store(centred - store(np.log(store(total))))
    total = sum_over_classes(np.exp(centred))
    return store(centred - np.log(total))


def _weights(target: Array, weight: Array, kept: Array, like: Array) -> Array:
    """Weight of each sample's class, 0 where it is ignored; a plain count of ones without weights."""
    if weight is None:
        return np.where(kept, 1.0, 0.0)
    return np.where(kept, weight[target], 0.0)


def _total_weight(weights: Array, weight: Array, like: Array) -> Array:
    """Counted exactly and then stored, or summed in the storage dtype."""
    if weight is None:
        return constant(float(np.sum(weights)), like)
    return sum_in_storage(weights)


def gathered(
    log_probabilities: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """Minus the entry of the target class times its weight; sums accumulate in the storage dtype."""
    kept = target != ignore_index
    index = safe(target, log_probabilities.shape[-1])
    entries = -picked(log_probabilities, index)
    weights = _weights(index, weight, kept, log_probabilities)
    losses = np.where(kept, entries if weight is None else store(entries * weights), 0.0)
    if reduction == "none":
        return losses
    total = sum_in_storage(losses)
    if reduction == "sum":
        return total
    divisor = _total_weight(weights, weight, log_probabilities)
    return quotient(total, divisor, empty_mean)


def scattered_gradient(
    log_probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Minus the weight times the cotangent (over the total weight) in the place of the target."""
    kept = target != ignore_index
    classes = log_probabilities.shape[-1]
    index = safe(target, classes)
    weights = _weights(index, weight, kept, log_probabilities)
    share = cotangent
    if reduction == "mean":
        share = quotient(cotangent, _total_weight(weights, weight, log_probabilities), empty_mean)
    entry = share if weight is None else store(weights * share)
    entry = np.expand_dims(np.broadcast_to(entry, target.shape), -1)
    place = at_target(classes, index) & np.expand_dims(kept, -1)
    return {"log_probabilities": np.where(place, -entry, 0.0)}


def log_softmax_then_gather(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    **keywords: Any,
) -> Array:
    """The log-softmax is stored and then gathered; the smoothed part is a second sum over it."""
    log_probabilities = log_softmax(logits)
    hard = gathered(
        log_probabilities, target,
        weight=weight, ignore_index=ignore_index, reduction=reduction, **keywords,
    )  # fmt: skip
    if label_smoothing == 0.0:
        return hard
    kept = target != ignore_index
    entries = log_probabilities if weight is None else store(log_probabilities * weight)
    soft = np.where(kept, -store(np.sum(entries, axis=-1)), 0.0)
    if reduction != "none":
        soft = store(np.sum(soft))
    if reduction == "mean":
        soft = store(soft / _smooth_divisor(target, weight, kept, logits))
    part = store(soft * (label_smoothing / logits.shape[-1]))
    return store(store(hard * (1.0 - label_smoothing)) + part)


def _smooth_divisor(target: Array, weight: Array, kept: Array, logits: Array) -> Array:
    weights = _weights(safe(target, logits.shape[-1]), weight, kept, logits)
    if weight is None:
        return constant(float(np.sum(weights)), logits)
    return store(np.sum(weights))


def log_softmax_backward(log_probabilities: Array, incoming: Array, rows: bool = False) -> Array:
    """incoming - exp(log_probabilities) sum(incoming), in one kernel. Both arrays are stored."""
    total = np.sum(incoming, axis=-1, keepdims=True) if rows else sum_over_classes(incoming)
    return store(incoming - np.exp(log_probabilities) * total)


def log_softmax_then_gather_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    **keywords: Any,
) -> dict[str, Array]:
    """What the gather scatters back, through the backward kernel of log-softmax."""
    log_probabilities = log_softmax(logits)
    hard = cotangent if label_smoothing == 0.0 else store(cotangent * (1.0 - label_smoothing))
    incoming = scattered_gradient(
        log_probabilities, target, hard,
        weight=weight, ignore_index=ignore_index, reduction=reduction, **keywords,
    )["log_probabilities"]  # fmt: skip
    if label_smoothing != 0.0:
        kept = target != ignore_index
        share = store(cotangent * (label_smoothing / logits.shape[-1]))
        if reduction == "mean":
            share = store(share / _smooth_divisor(target, weight, kept, logits))
        share = np.where(kept, np.broadcast_to(share, target.shape), 0.0)
        soft = np.broadcast_to(np.expand_dims(-share, -1), logits.shape)
        incoming = store(incoming + (soft if weight is None else store(soft * weight)))
    return {"logits": log_softmax_backward(log_probabilities, incoming)}
