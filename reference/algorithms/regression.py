"""Absolute and squared error as the frameworks order them."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import constant, reduced, shared, weighted
from reference.choices import parse
from reference.stable import Array, store


def _weighted_mean(weight: Array, weighted_mean: str, shape: tuple[int, ...]) -> Array:
    """torch divides the mean by the stored sum of the weights."""
    if weight is None or weighted_mean == "by-count":
        return None
    return store(np.sum(np.broadcast_to(weight, shape)))


def absolute_difference(
    prediction: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    weighted_mean: str = "by-weight",
    **_: Any,
) -> Array:
    """|prediction - target|, the difference stored."""
    losses = weighted(np.abs(store(prediction - target)), weight)
    divisor = _weighted_mean(weight, weighted_mean, prediction.shape)
    return reduced(losses, reduction, last_axis=last_axis, divisor=divisor, empty_mean=empty_mean)


def absolute_difference_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    weighted_mean: str = "by-weight",
    gradient_at_kink: str = "value(0)",
    **_: Any,
) -> dict[str, Array]:
    """The cotangent times the sign of the difference."""
    divisor = _weighted_mean(weight, weighted_mean, prediction.shape)
    share = weighted(
        shared(
            cotangent, reduction, prediction.shape,
            last_axis=last_axis, divisor=divisor, empty_mean=empty_mean,
        ),
        weight,
    )  # fmt: skip
    difference = prediction - target
    kink = parse(gradient_at_kink, "value(v)").argument
    slope = np.where(difference == 0, kink, np.sign(difference))
    gradient = share * slope
    return {"prediction": gradient, "target": -gradient}


def squared_difference(
    prediction: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    weighted_mean: str = "by-weight",
    **_: Any,
) -> Array:
    """The difference times itself; scalar tails of kernels round the difference to storage too."""
    difference = store(prediction - target)
    losses = weighted(store(difference * difference), weight)
    divisor = _weighted_mean(weight, weighted_mean, prediction.shape)
    return reduced(losses, reduction, last_axis=last_axis, divisor=divisor, empty_mean=empty_mean)


def squared_difference_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    weighted_mean: str = "by-weight",
    **_: Any,
) -> dict[str, Array]:
    """2 (prediction - target) times the shared cotangent, each product stored."""
    divisor = _weighted_mean(weight, weighted_mean, prediction.shape)
    share = shared(
        cotangent, reduction, prediction.shape,
        last_axis=last_axis, divisor=divisor, empty_mean=empty_mean,
    )  # fmt: skip
    gradient = store(weighted(share, weight) * store(2.0 * store(prediction - target)))
    return {"prediction": gradient, "target": -gradient}


def doubled_cotangent_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    last_axis: str = "kept",
    **keywords: Any,
) -> dict[str, Array]:
    """Twice the shared cotangent, which may overflow, times the difference.

    Source: TensorFlow, math_grad.py, _SquaredDifferenceGrad; with weights it is not the last step.
    """
    if weight is not None:
        return squared_difference_gradient(
            prediction, target, cotangent,
            weight=weight, reduction=reduction, last_axis=last_axis, **keywords,
        )  # fmt: skip
    empty_mean = keywords.get("empty_mean", "nan")
    share = shared(
        cotangent, reduction, prediction.shape, last_axis=last_axis, empty_mean=empty_mean
    )
    gradient = store(store(2.0 * share) * store(prediction - target))
    return {"prediction": gradient, "target": -gradient}


def doubled_scalar_cotangent_gradient(
    prediction: Array, target: Array, cotangent: Array, *, reduction: str = "mean", **keywords: Any
) -> dict[str, Array]:
    """A cotangent that is one number for all is doubled before it is spread; else the difference is.

    Source: XLA, hlo/transforms/simplifiers/algebraic_simplifier.cc, HandleMultiply, which reassociates
    products with a broadcast scalar; the compiled HLO of jax 0.10.2.
    """
    program = squared_difference_gradient if reduction == "none" else doubled_cotangent_gradient
    return program(prediction, target, cotangent, reduction=reduction, **keywords)


def norm_times_difference_gradient(
    prediction: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    **keywords: Any,
) -> dict[str, Array]:
    """norm (prediction - target) cotangent, with norm = 2 / n in the storage dtype.

    Source: torch, mse_backward_cpu_kernel, whose scalars are of the storage dtype; its weighted
    form is composed of single operations.
    """
    if weight is not None:
        return squared_difference_gradient(
            prediction, target, cotangent, weight=weight, reduction=reduction, **keywords
        )
    size = prediction.size
    norm = constant(2.0 / size if reduction == "mean" and size else 2.0, prediction)
    gradient = store(store(norm * store(prediction - target)) * cotangent)
    return {"prediction": gradient, "target": -gradient}
