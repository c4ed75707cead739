"""Binary cross-entropy, of probabilities and of logits, as the frameworks order it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import constant, reduced, shared, weighted
from reference.choices import parse
from reference.stable import Array, log_sigmoid, store


def clamped_logs(
    probabilities: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    log_of_zero: str = "exact",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """(y - 1) max(log1p(-p), floor) - y max(log p, floor), each step stored.

    Source: torch, binary_cross_entropy_out_cpu; its scalars are of the storage dtype.
    """
    floor = parse(log_of_zero, "exact", "floor(value)").argument
    log_p, log_q = store(np.log(probabilities)), store(np.log1p(-probabilities))
    if log_of_zero != "exact":
        log_p, log_q = np.maximum(log_p, floor), np.maximum(log_q, floor)
    losses = store(store(store(target - 1.0) * log_q) - store(target * log_p))
    return reduced(weighted(losses, weight), reduction, last_axis=last_axis, empty_mean=empty_mean)


def clamped_logs_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    log_of_zero: str = "exact",
    saturated_gradient: str = "exact",
    last_axis: str = "kept",
    **_: Any,
) -> dict[str, Array]:
    """(p - y) g / max((1 - p) p, eps), then the weight, then the mean's division."""
    floor = parse(saturated_gradient, "exact", "floor(eps)").argument
    variance = store(store(1.0 - probabilities) * probabilities)
    if saturated_gradient != "exact":
        variance = np.maximum(variance, constant(floor, probabilities))
    each = _each(cotangent, reduction, probabilities.shape, last_axis)
    slope = store(store(each * store(probabilities - target)) / variance)
    slope = _mean_last(weighted(slope, weight), reduction, last_axis)
    odds = store(probabilities / store(1.0 - probabilities))
    towards = weighted(store(-store(np.log(odds)) * each), weight)
    return {"probabilities": slope, "target": _mean_last(towards, reduction, last_axis)}


def _each(cotangent: Array, reduction: str, shape: tuple[int, ...], last_axis: str) -> Array:
    """The cotangent of each entry; where Keras folds the last axis, autograd has divided it."""
    if last_axis == "kept":
        return np.broadcast_to(cotangent, shape)
    return shared(cotangent, reduction, shape, last_axis=last_axis)


def _mean_last(gradient: Array, reduction: str, last_axis: str) -> Array:
    """torch's fused backwards divide by the number of elements at the very end."""
    if reduction != "mean" or last_axis != "kept" or not gradient.size:
        return gradient
    return store(gradient / float(gradient.size))


def clipped_probabilities(
    probabilities: Array,
    target: Array,
    *,
    reduction: str = "mean",
    log_of_zero: str = "exact",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """-(y log p' + (1 - y) log(1 - p')) with p' clipped, each step stored. Source: Keras."""
    p = clipped(probabilities, log_of_zero)
    losses = store(target * store(np.log(p)))
    losses = store(losses + store(store(1.0 - target) * store(np.log(store(1.0 - p)))))
    return _keras_reduced(-losses, reduction, last_axis, empty_mean)


def clipped(probabilities: Array, log_of_zero: str) -> Array:
    """Probabilities held inside [eps, 1 - eps]; both ends are numbers of the storage dtype."""
    eps = parse(log_of_zero, "exact", "clip(eps)").argument
    if log_of_zero == "exact":
        return probabilities
    low, high = constant(eps, probabilities), constant(1.0 - eps, probabilities)
    return np.minimum(np.maximum(probabilities, low), high)


def _keras_reduced(losses: Array, reduction: str, last_axis: str, empty_mean: str) -> Array:
    """Keras sums, stores, and divides by the number of losses."""
    divisor = None
    if reduction == "mean":
        kept = losses.shape if last_axis == "kept" else losses.shape[:-1]
        divisor = float(np.prod(kept))
    return reduced(losses, reduction, last_axis=last_axis, divisor=divisor, empty_mean=empty_mean)


def clipped_probabilities_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    reduction: str = "mean",
    log_of_zero: str = "exact",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through the clip: zero outside it."""
    eps = parse(log_of_zero, "exact", "clip(eps)").argument
    p = clipped(probabilities, log_of_zero)
    share = -shared(
        cotangent, reduction, probabilities.shape, last_axis=last_axis, empty_mean=empty_mean
    )
    up = store(store(share * target) * store(np.reciprocal(p)))
    down = store(store(share * store(1.0 - target)) * store(np.reciprocal(store(1.0 - p))))
    slope = store(up - down)
    if log_of_zero != "exact":
        inside = (probabilities >= constant(eps, probabilities)) & (
            probabilities <= constant(1.0 - eps, probabilities)
        )
        slope = np.where(inside, slope, 0.0)
    log_p, log_q = store(np.log(p)), store(np.log(store(1.0 - p)))
    towards = store(store(share * log_p) - store(share * log_q))
    return {"probabilities": slope, "target": towards}


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
    each = _each(cotangent, reduction, logits.shape, last_axis)
    sigmoid = store(1.0 / (1.0 + np.exp(-logits)))
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
        "logits": _mean_last(slope, reduction, last_axis),
        "target": _mean_last(towards, reduction, last_axis),
    }


def relu_less_product(
    logits: Array,
    target: Array,
    *,
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
    return _keras_reduced(losses, reduction, last_axis, empty_mean)


def relu_less_product_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    pos_weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through each operation; the contributions to x are added one after the other."""
    share = shared(cotangent, reduction, logits.shape, last_axis=last_axis, empty_mean=empty_mean)
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


def two_log_sigmoids(
    logits: Array,
    target: Array,
    *,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """-y log_sigmoid(x) - (1 - y) log_sigmoid(-x). Source: optax, _classification.py."""
    log_p, log_q = store(log_sigmoid(logits)), store(log_sigmoid(-logits))
    losses = store(store(-target * log_p) - store(store(1.0 - target) * log_q))
    return reduced(losses, reduction, last_axis=last_axis, empty_mean=empty_mean)


def two_log_sigmoids_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    reduction: str = "mean",
    last_axis: str = "kept",
    **_: Any,
) -> dict[str, Array]:
    """log_sigmoid is -logaddexp(-x, 0), whose derivative is exp(-x - logaddexp(-x, 0))."""
    share = shared(cotangent, reduction, logits.shape, last_axis=last_axis)
    log_p, log_q = store(log_sigmoid(logits)), store(log_sigmoid(-logits))
    sigmoid_of_minus = store(np.exp(store(-logits + log_p)))
    sigmoid = store(np.exp(store(logits + log_q)))
    left = store(store(-share * target) * sigmoid_of_minus)
    right = store(store(-share * store(1.0 - target)) * sigmoid)
    towards = store(store(-share * log_p) + store(share * log_q))
    return {"logits": store(left - right), "target": towards}
