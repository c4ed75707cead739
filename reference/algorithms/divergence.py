"""Kullback-Leibler divergence as the frameworks order it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.steps import reduced, shared
from reference.stable import Array, sloped, still, store


def _log_target_terms(log_probabilities: Array, target: Array) -> Array:
    return store(store(np.exp(target)) * store(target - log_probabilities))


def _target_times_its_log(target: Array) -> Array:
    """xlogy(t, t), whose slope in the logarithm is (flow t) / t, where flow t may underflow.

    Source: torch, derivatives.yaml, xlogy; forward mode evaluates the same formula.
    """
    t = still(target)
    log = still(np.log(t))
    return sloped(
        target * np.log(target),
        (target, lambda flow: store(store(flow * log) + store(store(flow * t) / t))),
    )


def xlogy_less_product(
    log_probabilities: Array,
    target: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """xlogy(t, t) - t q; exp(t) (t - q) for a log target. Source: torch, ATen/native/Loss.cpp."""
    if log_target:
        losses = _log_target_terms(log_probabilities, target)
    else:
        entropy = store(np.where(target == 0, 0.0, _target_times_its_log(target)))
        losses = store(entropy - store(target * log_probabilities))
    return reduced(losses, reduction, last_axis=last_axis, empty_mean=empty_mean)


def autograd_of_terms(
    log_probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Minus the probability times the shared cotangent; towards the target term by term."""
    share = shared(cotangent, reduction, target.shape, last_axis=last_axis, empty_mean=empty_mean)
    if log_target:
        mass = store(np.exp(target))
        back = store(share * mass)
        through = store(store(share * store(target - log_probabilities)) * mass)
        return {"log_probabilities": -back, "target": store(through + back)}
    first = store(share * store(np.log(target)))
    own = store(store(share * target) / target)
    other = store(share * log_probabilities)
    towards = store(store(first + own) - other)
    return {"log_probabilities": -store(share * target), "target": towards}


def log_ratio_times_target(
    log_probabilities: Array,
    target: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """t (log t - q), with log 0 read as 0. Source: optax, _classification.py."""
    if log_target:
        losses = _log_target_terms(log_probabilities, target)
    else:
        log = np.where(target == 0, 0.0, store(np.log(target)))
        losses = store(target * store(log - log_probabilities))
    return reduced(losses, reduction, last_axis=last_axis, empty_mean=empty_mean)


def log_ratio_times_target_gradient(
    log_probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    last_axis: str = "kept",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autodiff of the product: the log ratio, plus t times 1 / t."""
    if log_target:
        return autograd_of_terms(
            log_probabilities, target, cotangent,
            log_target=True, reduction=reduction, last_axis=last_axis, empty_mean=empty_mean,
        )  # fmt: skip
    share = shared(cotangent, reduction, target.shape, last_axis=last_axis, empty_mean=empty_mean)
    log = np.where(target == 0, 0.0, store(np.log(target)))
    ratio = store(share * store(log - log_probabilities))
    mass = store(share * target)
    return {"log_probabilities": -mass, "target": store(ratio + store(mass / target))}
