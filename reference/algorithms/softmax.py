"""Cross-entropy with class indices or probabilities, where it is composed around a softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.algorithms.likelihood import log_softmax, log_softmax_backward
from reference.algorithms.steps import (
    at_target,
    picked,
    quotient,
    reduced,
    safe,
    shared,
    sum_in_storage,
)
from reference.stable import Array, store


def _centred(logits: Array) -> tuple[Array, Array]:
    """x - max, and the sum of its exponentials over the classes."""
    centred = logits - np.max(logits, axis=-1, keepdims=True)
    return centred, np.sum(np.exp(centred), axis=-1, keepdims=True)


def _centred_in_storage(logits: Array) -> tuple[Array, Array]:
    """The same as Eigen evaluates it: the sum runs in the storage dtype."""
    centred = logits - np.max(logits, axis=-1, keepdims=True)
    return centred, sum_in_storage(np.exp(centred), axis=-1, keepdims=True)


def _divisor(kept: Array, ignored_in_mean: str) -> Array:
    """Number of the samples in the mean, as a plain number."""
    return float(kept.size if ignored_in_mean == "counted" else np.sum(kept))


def smoothed(target: Array, label_smoothing: float, classes: int) -> Array:
    """target (1 - s) + s / C, two stored operations."""
    if label_smoothing == 0.0:
        return target
    return store(store(target * (1.0 - label_smoothing)) + label_smoothing / classes)


def log_sum_exp_less_target(
    logits: Array,
    target: Array,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    **_: Any,
) -> Array:
    """max + log(sum(exp(x - max))) less the target's logit. Source: optax and jax.nn.logsumexp."""
    _, total = _centred(logits)
    kept = target != ignore_index
    entry = picked(logits, safe(target, logits.shape[-1]))
    largest = np.squeeze(np.max(logits, axis=-1, keepdims=True), -1)
    losses = np.where(kept, (np.log(np.squeeze(total, -1)) + largest) - entry, 0.0)
    divisor = None if kept.all() else _divisor(kept, ignored_in_mean)
    return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)


def log_total_less_centred(
    logits: Array,
    target: Array,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    **_: Any,
) -> Array:
    """log(sum(exp(x - max))) less (x - max) at the target. Source: TensorFlow, sparse_xent_op.h."""
    centred, total = _centred_in_storage(logits)
    kept = target != ignore_index
    entry = picked(centred, safe(target, logits.shape[-1]))
    losses = np.where(kept, store(np.log(np.squeeze(total, -1)) - entry), 0.0)
    return _masked(losses, kept, reduction, empty_mean, ignored_in_mean)


def _masked(
    losses: Array, kept: Array, reduction: str, empty_mean: str, ignored_in_mean: str
) -> Array:
    """Keras multiplies each loss by total / valid before it sums and divides by the total."""
    if kept.all() or reduction != "mean" or ignored_in_mean == "counted":
        divisor = float(losses.size) if reduction == "mean" else None
        return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)
    valid = _divisor(kept, ignored_in_mean)
    scale = store(losses * 0.0 + (losses.size / valid if valid else 0.0))
    total = store(np.sum(store(losses * scale)))
    return quotient(total, float(losses.size), empty_mean)


def softmax_less_one_hot_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    **_: Any,
) -> dict[str, Array]:
    """(exp(x - max) / sum - one hot) times the shared cotangent."""
    centred, total = _centred_in_storage(logits)
    kept = target != ignore_index
    place = at_target(logits.shape[-1], safe(target, logits.shape[-1]))
    slope = store(store(np.exp(centred) / total) - np.where(place, 1.0, 0.0))
    divisor = _divisor(kept, ignored_in_mean)
    share = shared(cotangent, reduction, target.shape, divisor=divisor, empty_mean=empty_mean)
    share = np.expand_dims(np.where(kept, share, 0.0), -1)
    gradient = store(share * slope)
    return {"logits": np.where(np.expand_dims(kept, -1), gradient, 0.0)}


def log_softmax_times_target(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """Minus the stored log-softmax times the target (and the weight), summed.

    A reduced result is one sum over samples and classes. Source: torch, LossNLL.cpp.
    """
    target = smoothed(target, label_smoothing, logits.shape[-1])
    terms = store(log_softmax(logits) * target)
    if weight is not None:
        terms = store(terms * weight)
    if reduction == "none":
        return -store(np.sum(terms, axis=-1))
    total = -store(np.sum(terms))
    if reduction == "sum":
        return total
    return quotient(total, float(math.prod(logits.shape[:-1])), empty_mean)


def log_softmax_times_target_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through the products, and the backward kernel of log-softmax."""
    share = shared(cotangent, reduction, logits.shape[:-1], empty_mean=empty_mean)
    share = np.broadcast_to(np.expand_dims(-share, -1), logits.shape)
    if weight is not None:
        share = store(share * weight)
    log_probabilities = log_softmax(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    slope = store(share * log_probabilities)
    if label_smoothing != 0.0:
        slope = store(slope * (1.0 - label_smoothing))
    backward = log_softmax_backward(log_probabilities, store(share * mixed))
    return {"logits": backward, "target": slope}


def target_times_log_total(
    logits: Array,
    target: Array,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """Sum of target (log(sum(exp(x - max))) - (x - max)). Source: TensorFlow, xent_op.h."""
    centred, total = _centred_in_storage(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    losses = store(np.sum(mixed * (np.log(total) - centred), axis=-1))
    divisor = float(losses.size) if reduction == "mean" else None
    return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)


def softmax_less_target_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """(exp(x - max) / sum - target) times the cotangent: right where a row of targets sums to one."""
    centred, total = _centred_in_storage(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    share = shared(cotangent, reduction, logits.shape[:-1], empty_mean=empty_mean)
    share = np.expand_dims(share, -1)
    slope = store(share * -store(centred - np.log(total)))
    if label_smoothing != 0.0:
        slope = store(slope * (1.0 - label_smoothing))
    backward = store(store(np.exp(centred) / total) - mixed)
    return {"logits": store(share * backward), "target": slope}


def log_softmax_autodiff_gradient(
    logits: Array, target: Array, cotangent: Array, *, reduction: str = "mean", **_: Any
) -> dict[str, Array]:
    """Derivative of x - max - log(sum(exp(x - max))), step by step. Source: optax, jax.nn."""
    centred, total = _centred(logits)
    share = np.expand_dims(shared(cotangent, reduction, logits.shape[:-1]), -1)
    incoming = store(-share * target)
    back = store(sum_in_storage(incoming, axis=-1, keepdims=True) / total)
    gradient = store(incoming - store(np.exp(centred) * back))
    return {"logits": gradient, "target": store(-share * (centred - np.log(total)))}


def log_sum_exp_autodiff_gradient(
    logits: Array, target: Array, cotangent: Array, *, reduction: str = "mean", **_: Any
) -> dict[str, Array]:
    """Derivative of log(sum(exp(x - max))), less the one-hot: two terms added. Source: optax."""
    centred, total = _centred(logits)
    share = np.expand_dims(shared(cotangent, reduction, target.shape), -1)
    place = at_target(logits.shape[-1], target)
    spread = store(np.exp(centred) * store(share / total))
    return {"logits": store(spread - np.where(place, share, 0.0))}
