"""Binary cross-entropy of logits, as the frameworks order it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import (
    mean_at_last,
    reduced,
    share_of_each,
    shared,
    summed_then_divided,
    weighted,
)
from reference.stable import Array, log_sigmoid, sloped, softplus, still, store
from reference.weights import onto


def log_sigmoid_subtracted(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """(1 - y) x - l log_sigmoid(x), each step stored. Source: torch, ATen/native/Loss.cpp."""
    term = store(log_sigmoid(logits))
    if pos_weight is not None:
        term = store(store(store(store(pos_weight - 1.0) * target) + 1.0) * term)
    losses = store(store(store(1.0 - target) * logits) - term)
    return reduced(weighted(losses, weight), reduction, last_axis=last_axis, empty_mean=empty_mean)


def sigmoid_less_target_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    **_: Any,
) -> dict[str, Array]:
    """(sigmoid(x) - y) g, then the weight, then the division. Source: torch, FunctionsManual.cpp."""
    each = share_of_each(cotangent, reduction, logits.shape, last_axis)
    sigmoid = _stored_sigmoid(logits)
    if pos_weight is None:
        slope = store(sigmoid - target)
        towards = store(-logits * each)
    else:
        positive = store(pos_weight * target)
        slope = store(store(positive + 1.0) - target)
        slope = store(store(slope * sigmoid) - positive)
        towards = store(log_sigmoid(-logits)) - store(store(log_sigmoid(logits)) * pos_weight)
        towards = store(store(towards) * each)
    slope = weighted(store(slope * each), weight)
    towards = weighted(towards, weight)
    return {
        "logits": mean_at_last(slope, reduction, last_axis),
        "target": mean_at_last(towards, reduction, last_axis),
    }


def _stored_sigmoid(logits: Array) -> Array:
    """The sigmoid, whose slope is (1 - s) s of the stored s. Source: torch, sigmoid_backward."""
    sigmoid = store(1.0 / (1.0 + np.exp(-logits)))
    s = still(sigmoid)
    return sloped(sigmoid, (logits, lambda flow: store(store(flow * (1.0 - s)) * s)))


def relu_less_product(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """max(x, 0) - x y + log1p(exp(-|x|)); with pos_weight (1 - y) x + l (... + max(-x, 0)).

    Source: TensorFlow, nn_impl.py; Keras calls it.
    """
    softplus = store(np.log1p(store(np.exp(-np.abs(logits)))))
    if pos_weight is None:
        losses = store(store(np.maximum(logits, 0.0) - store(logits * target)) + softplus)
    else:
        share = store(1.0 + store(store(pos_weight - 1.0) * target))
        tail = store(share * store(softplus + np.maximum(-logits, 0.0)))
        losses = store(store(store(1.0 - target) * logits) + tail)
    return summed_then_divided(weighted(losses, weight), reduction, last_axis, empty_mean)


def relu_less_product_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through each operation; the contributions to x are added one after the other."""
    share = shared(cotangent, reduction, logits.shape, last_axis=last_axis, empty_mean=empty_mean)
    share = weighted(share, weight)
    small = store(np.exp(-np.abs(logits)))
    tail = store(store(np.reciprocal(store(1.0 + small))) * small)
    down = logits >= 0
    if pos_weight is None:
        through = store(store(share * store(np.reciprocal(store(1.0 + small)))) * small)
        straight = store(np.where(down, share, 0.0) - store(share * target))
        slope = store(straight + np.where(down, -through, through))
        return {"logits": slope, "target": store(-store(share * logits))}
    part = store(share * store(1.0 + store(store(pos_weight - 1.0) * target)))
    through = store(part * tail)
    below = np.where(-logits > 0, -part, 0.0)
    slope = store(store(share * store(1.0 - target)) + below)
    softplus = store(store(np.log1p(small)) + np.maximum(-logits, 0.0))
    towards = store(store(share * softplus) * store(pos_weight - 1.0))
    return {
        "logits": store(slope + np.where(down, -through, through)),
        "target": store(towards - store(share * logits)),
    }


def positive_weight_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through 1 + (w - 1) y: the share times the softplus, and then the target."""
    if pos_weight is None:
        return {}
    share = shared(cotangent, reduction, logits.shape, last_axis=last_axis, empty_mean=empty_mean)
    softplus = store(store(np.log1p(store(np.exp(-np.abs(logits))))) + np.maximum(-logits, 0.0))
    slope = store(store(weighted(share, weight) * softplus) * target)
    return {"pos_weight": onto(slope, np.shape(pos_weight))}


def two_log_sigmoids(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """-y log_sigmoid(x) - (1 - y) log_sigmoid(-x). Source: optax, _classification.py."""
    log_p, log_q = store(log_sigmoid(logits)), store(log_sigmoid(-logits))
    hit = weighted(store(-target * log_p), pos_weight)
    losses = weighted(store(hit - store(store(1.0 - target) * log_q)), weight)
    return reduced(losses, reduction, last_axis=last_axis, empty_mean=empty_mean)


def two_log_sigmoids_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    **_: Any,
) -> dict[str, Array]:
    """log_sigmoid is -logaddexp(-x, 0), whose derivative is exp(-x - logaddexp(-x, 0))."""
    share = weighted(shared(cotangent, reduction, logits.shape, last_axis=last_axis), weight)
    positive = weighted(share, pos_weight)
    log_p, log_q = store(log_sigmoid(logits)), store(log_sigmoid(-logits))
    sigmoid_of_minus = store(np.exp(store(-logits + log_p)))
    sigmoid = store(np.exp(store(logits + log_q)))
    left = store(store(-positive * target) * sigmoid_of_minus)
    right = store(store(-share * store(1.0 - target)) * sigmoid)
    towards = store(store(-positive * log_p) + store(share * log_q))
    return {"logits": store(left - right), "target": towards}


def two_sigmoids_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """(1 - y) sigmoid(x) - y sigmoid(-x), then the share, then the weight, as kernels with a backward.

    The mean divides first: a small slope loses digits below the range before the weight is met.
    """
    share = shared(cotangent, reduction, logits.shape, last_axis=last_axis, empty_mean=empty_mean)
    up = store(store(1.0 - target) * store(1.0 / (1.0 + np.exp(-logits))))
    down = store(weighted(target, pos_weight) * store(1.0 / (1.0 + np.exp(logits))))
    if pos_weight is None:
        towards = -logits
    else:
        towards = store(weighted(store(softplus(-logits)), pos_weight) - store(softplus(logits)))
    return {
        "logits": weighted(store(share * store(up - down)), weight),
        "target": weighted(store(share * towards), weight),
    }
