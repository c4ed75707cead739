"""Binary cross-entropy of probabilities that are moved away from 0 and 1 first."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.binary import clamped_logs, clamped_logs_gradient, clipped, inside
from reference.algorithms.steps import constant, reduced, shared, weighted
from reference.choices import parse
from reference.stable import Array, store


def clipped_then_clamped_logs(
    probabilities: Array, target: Array, *, log_of_zero: str = "exact", **keywords: Any
) -> Array:
    """The clip, and then torch's kernel, whose own floor no clipped logarithm reaches.

    Source: Keras, backend/torch/nn.py, binary_crossentropy.
    """
    return clamped_logs(clipped(probabilities, log_of_zero), target, **keywords)


def clipped_then_clamped_logs_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    log_of_zero: str = "exact",
    **keywords: Any,
) -> dict[str, Array]:
    """The slope of torch's kernel at the clipped probability, zero outside the clip."""
    found = clamped_logs_gradient(
        clipped(probabilities, log_of_zero), target, cotangent, **keywords
    )
    return {**found, "probabilities": inside(found["probabilities"], probabilities, log_of_zero)}


def shifted_logs(
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
    """-(y log(p + eps) + (1 - y) log(1 - p + eps)), each step stored, as people write it by hand."""
    above, rest = _shifted(probabilities, log_of_zero)
    hit = store(target * store(np.log(above)))
    miss = store(store(1.0 - target) * store(np.log(rest)))
    losses = weighted(-store(hit + miss), weight)
    return reduced(losses, reduction, last_axis=last_axis, empty_mean=empty_mean)


def shifted_logs_gradient(
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
    """Autograd through both sums, which are the denominators."""
    above, rest = _shifted(probabilities, log_of_zero)
    share = -weighted(
        shared(
            cotangent, reduction, probabilities.shape, last_axis=last_axis, empty_mean=empty_mean
        ),
        weight,
    )
    up = store(store(share * target) / above)
    down = store(store(share * store(1.0 - target)) / rest)
    towards = store(store(share * store(np.log(above))) - store(share * store(np.log(rest))))
    return {"probabilities": store(up - down), "target": towards}


def _shifted(probabilities: Array, log_of_zero: str) -> tuple[Array, Array]:
    eps = constant(parse(log_of_zero, "shift(eps)").argument, probabilities)
    return store(probabilities + eps), store(store(1.0 - probabilities) + eps)
