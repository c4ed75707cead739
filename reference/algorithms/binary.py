"""Binary cross-entropy of probabilities, as the frameworks order it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import (
    constant,
    mean_at_last,
    reduced,
    share_of_each,
    shared,
    summed_then_divided,
    weighted,
)
from reference.choices import parse
from reference.stable import Array, sloped, still, store


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
    each = share_of_each(cotangent, reduction, probabilities.shape, last_axis)
    slope = store(store(each * store(probabilities - target)) / variance)
    slope = _differentiated(slope, probabilities, target, each, still(variance))
    slope = mean_at_last(weighted(slope, weight), reduction, last_axis)
    odds = store(probabilities / store(1.0 - probabilities))
    towards = weighted(store(-store(np.log(odds)) * each), weight)
    return {"probabilities": slope, "target": mean_at_last(towards, reduction, last_axis)}


def _differentiated(
    slope: Array, probabilities: Array, target: Array, each: Array, variance: Array
) -> Array:
    """The slope with the derivatives that torch has for it: (p p - 2 p y + y) / (p^2 (1 - p)^2).

    The numerator cancels where p is near a hard target. Source: torch, FunctionsManual.cpp,
    binary_cross_entropy_double_backward; what it adds to each factor, 1e-12, is left out here.
    """
    p, y = still(probabilities), still(target)
    q = store(1.0 - p)
    top = store(store(store(p * p) - store(store(2.0 * p) * y)) + y)
    ratio = store(top / store(store(p * p) * store(q * q)))
    return sloped(
        slope,
        (probabilities, lambda flow: store(ratio * store(flow * each))),
        (target, lambda flow: store(-store(flow * each) / variance)),
    )


def clipped_probabilities(
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
    """-(y log p' + (1 - y) log(1 - p')) with p' clipped, each step stored. Source: Keras."""
    p = clipped(probabilities, log_of_zero)
    losses = store(target * store(np.log(p)))
    losses = store(losses + store(store(1.0 - target) * store(np.log(store(1.0 - p)))))
    return summed_then_divided(weighted(-losses, weight), reduction, last_axis, empty_mean)


def clipped(probabilities: Array, log_of_zero: str) -> Array:
    """Probabilities held inside [eps, 1 - eps]; both ends are numbers of the storage dtype."""
    eps = parse(log_of_zero, "exact", "clip(eps)").argument
    if log_of_zero == "exact":
        return probabilities
    low, high = constant(eps, probabilities), constant(1.0 - eps, probabilities)
    return np.minimum(np.maximum(probabilities, low), high)


def inside(slope: Array, probabilities: Array, log_of_zero: str) -> Array:
    """What a clip hands back: nothing outside it."""
    if log_of_zero == "exact":
        return slope
    eps = parse(log_of_zero, "exact", "clip(eps)").argument
    low, high = constant(eps, probabilities), constant(1.0 - eps, probabilities)
    return np.where((probabilities >= low) & (probabilities <= high), slope, 0.0)


def clipped_probabilities_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    log_of_zero: str = "exact",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through the clip: zero outside it."""
    p = clipped(probabilities, log_of_zero)
    share = -weighted(
        shared(
            cotangent, reduction, probabilities.shape, last_axis=last_axis, empty_mean=empty_mean
        ),
        weight,
    )
    up = store(store(share * target) * store(np.reciprocal(p)))
    down = store(store(share * store(1.0 - target)) * store(np.reciprocal(store(1.0 - p))))
    slope = store(up - down)
    slope = inside(slope, probabilities, log_of_zero)
    log_p, log_q = store(np.log(p)), store(np.log(store(1.0 - p)))
    towards = store(store(share * log_p) - store(share * log_q))
    return {"probabilities": slope, "target": towards}


def two_logs_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through -(y log p + (1 - y) log1p(-p)) times the weight, which it meets first.

    Source: torch, derivatives.yaml, log and log1p: the slopes of both logarithms are quotients.
    """
    share = -weighted(
        shared(
            cotangent, reduction, probabilities.shape, last_axis=last_axis, empty_mean=empty_mean
        ),
        weight,
    )
    up = store(store(share * target) / probabilities)
    down = store(store(share * store(1.0 - target)) / store(1.0 - probabilities))
    log_p, log_q = store(np.log(probabilities)), store(np.log1p(-probabilities))
    towards = store(store(share * log_p) - store(share * log_q))
    return {"probabilities": store(up - down), "target": towards}


def two_quotients_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """(1 - y) / (1 - p) - y / p, the cotangent and the weight last, as kernels with a backward do.

    A quotient by a small probability may overflow although a small cotangent follows.
    """
    share = shared(
        cotangent, reduction, probabilities.shape, last_axis=last_axis, empty_mean=empty_mean
    )
    hit = np.where(target == 0, 0.0, store(target / probabilities))
    against, rest = store(1.0 - target), store(1.0 - probabilities)
    miss = np.where(against == 0, 0.0, store(against / rest))
    slope = weighted(store(share * store(miss - hit)), weight)
    log_p, log_q = store(np.log(probabilities)), store(np.log1p(-probabilities))
    towards = weighted(store(share * store(log_q - log_p)), weight)
    return {"probabilities": slope, "target": towards}
