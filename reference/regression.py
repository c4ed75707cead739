"""Losses of a prediction against a target, element by element, with their gradients."""

import numpy as np

from reference.choices import parse
from reference.reductions import reduce, spread
from reference.stable import Array


@np.errstate(all="ignore")
def l1(
    prediction: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    gradient_at_kink: str = "value(0)",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    weighted_mean: str = "by-weight",
) -> Array:
    """Absolute difference.

    Spec: regression/l1. Shapes: (*batch), (*batch) -> (*batch) before reduction.
    """
    parse(gradient_at_kink, "value(slope)")
    losses = _weighted(np.abs(prediction - target), weight)
    divisor = _divisor(prediction.shape, weight, weighted_mean, last_axis)
    return reduce(losses, reduction, divisor=divisor, empty_mean=empty_mean, last_axis=last_axis)


@np.errstate(all="ignore")
def l1_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    gradient_at_kink: str = "value(0)",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    weighted_mean: str = "by-weight",
) -> dict[str, Array]:
    """Gradients of `l1`; where prediction and target are equal, the declared value.

    The inputs themselves are compared: no rounding can make a difference of them zero. Equal
    infinities are no distance apart that anybody knows, so they have no direction.
    """
    kink = parse(gradient_at_kink, "value(slope)").argument
    shape = prediction.shape
    share = spread(
        cotangent,
        reduction,
        shape,
        divisor=_divisor(shape, weight, weighted_mean, last_axis),
        empty_mean=empty_mean,
        last_axis=last_axis,
    )
    meet = (prediction == target) & ~np.isinf(prediction)
    sign = np.where(meet, kink, np.sign(prediction - target))
    slope = _weighted(sign, weight)
    return {"prediction": share * slope, "target": -share * slope}


@np.errstate(all="ignore")
def mse(
    prediction: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    weighted_mean: str = "by-weight",
) -> Array:
    """Squared difference.

    Spec: regression/mse. Shapes: (*batch), (*batch) -> (*batch) before reduction.
    """
    losses = _weighted(np.square(prediction - target), weight)
    divisor = _divisor(prediction.shape, weight, weighted_mean, last_axis)
    return reduce(losses, reduction, divisor=divisor, empty_mean=empty_mean, last_axis=last_axis)


@np.errstate(all="ignore")
def mse_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    weighted_mean: str = "by-weight",
) -> dict[str, Array]:
    """Gradients of `mse`: twice the difference, the factor 2 kept off the large operand."""
    shape = prediction.shape
    share = spread(
        cotangent,
        reduction,
        shape,
        divisor=_divisor(shape, weight, weighted_mean, last_axis),
        empty_mean=empty_mean,
        last_axis=last_axis,
    )
    slope = (2.0 * share) * _weighted(prediction - target, weight)
    return {"prediction": slope, "target": -slope}


def _weighted(losses: Array, weight: Array) -> Array:
    return losses if weight is None else weight * losses


def _divisor(
    shape: tuple[int, ...], weight: Array, weighted_mean: str, last_axis: str
) -> Array | None:
    """What a mean divides by where weights count; folded neighbours share their mean weight."""
    by_count = parse(weighted_mean, "by-weight", "by-count").name == "by-count"
    fold = 1 if last_axis == "kept" else shape[-1]
    if weight is None or by_count or not fold:
        return None
    return np.sum(np.broadcast_to(weight, shape)) / fold
