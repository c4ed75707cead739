"""Cross-entropy with target probabilities, where it is composed around a softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.algorithms.likelihood import log_softmax, log_softmax_backward
from reference.algorithms.steps import (
    centred,
    centred_in_storage,
    quotient,
    reduced,
    shared,
    smoothed,
    sum_in_storage,
    weighted,
)
from reference.stable import Array, store


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
    terms = weighted(store(log_softmax(logits) * target), weight)
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
    share = -_share_of_each(cotangent, reduction, logits, weight, empty_mean)
    log_probabilities = log_softmax(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    slope = _smoothed_away(store(share * log_probabilities), label_smoothing)
    backward = log_softmax_backward(log_probabilities, store(share * mixed))
    return {"logits": backward, "target": slope}


def target_times_log_total(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """Sum of target (log(sum(exp(x - max))) - (x - max)). Source: TensorFlow, xent_op.h."""
    gap, total = centred_in_storage(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    terms = weighted(mixed * (np.log(total) - gap), weight)
    losses = store(np.sum(terms, axis=-1))
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
    gap, total = centred_in_storage(logits)
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    share = _share_of_each(cotangent, reduction, logits, None, empty_mean)
    slope = _smoothed_away(store(share * -store(gap - np.log(total))), label_smoothing)
    backward = store(store(np.exp(gap) / total) - mixed)
    return {"logits": store(share * backward), "target": slope}


def mass_times_softmax_gradient(
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
    """p sum(w t) - w t and w times the cost, the cotangent last, as kernels with a backward do.

    What a weight makes of a target or of a cost may overflow although a small cotangent follows.
    """
    gap, total = centred_in_storage(logits)
    own = weighted(smoothed(target, label_smoothing, logits.shape[-1]), weight)
    mass = store(np.sum(own, axis=-1, keepdims=True))
    slope = store(store(store(np.exp(gap) / total) * mass) - own)
    cost = weighted(store(np.log(total) - gap), weight)
    share = _share_of_each(cotangent, reduction, logits, None, empty_mean)
    return {
        "logits": store(share * slope),
        "target": store(share * _smoothed_away(cost, label_smoothing)),
    }


def log_softmax_autodiff_gradient(
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
    """Derivative of x - max - log(sum(exp(x - max))), step by step. Source: optax, jax.nn."""
    gap, total = centred(logits)
    share = -_share_of_each(cotangent, reduction, logits, weight, empty_mean)
    incoming = store(share * smoothed(target, label_smoothing, logits.shape[-1]))
    back = store(sum_in_storage(incoming, axis=-1, keepdims=True) / total)
    gradient = store(incoming - store(np.exp(gap) * back))
    slope = _smoothed_away(store(share * (gap - np.log(total))), label_smoothing)
    return {"logits": gradient, "target": slope}


def _share_of_each(
    cotangent: Array, reduction: str, logits: Array, weight: Array, empty_mean: str
) -> Array:
    """The cotangent of each class of each sample, times its weight."""
    share = shared(cotangent, reduction, logits.shape[:-1], empty_mean=empty_mean)
    share = np.broadcast_to(np.expand_dims(share, -1), logits.shape)
    return weighted(share, weight)


def _smoothed_away(slope: Array, label_smoothing: float) -> Array:
    return slope if label_smoothing == 0.0 else store(slope * (1.0 - label_smoothing))
