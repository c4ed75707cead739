"""Cross-entropy with class indices, where it is composed around a softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.algorithms.steps import (
    at_target,
    centred,
    centred_in_storage,
    constant,
    picked,
    quotient,
    reduced,
    safe,
    shared,
    weighted,
)
from reference.stable import Array, still, store


def log_sum_exp(logits: Array) -> Array:
    """max + log(sum(exp(x - max))): what lies below the last digit of the largest logit is lost."""
    _, total = centred(logits)
    return np.log(total) + still(np.max(logits, axis=-1, keepdims=True))


def log_sum_exp_less_target(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    weighted_mean: str = "by-weight",
    **_: Any,
) -> Array:
    """The log-sum-exp less the target's logit. Source: optax and jax.nn.logsumexp."""
    whole, kept = log_sum_exp(logits), target != ignore_index
    index = safe(target, logits.shape[-1])
    hard = np.squeeze(whole, -1) - picked(logits, index)
    each = _mixed(hard, lambda: whole - logits, index, weight, label_smoothing)
    losses = np.where(kept, each, 0.0)
    plain = kept.all() and (weight is None or weighted_mean == "by-count")
    divisor = None if plain else _divisor(kept, index, weight, ignored_in_mean, weighted_mean)
    return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)


def log_total_less_centred(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    weighted_mean: str = "by-weight",
    **_: Any,
) -> Array:
    """log(sum(exp(x - max))) less (x - max) at the target. Source: TensorFlow, sparse_xent_op.h."""
    gap, total = centred_in_storage(logits)
    kept, index = target != ignore_index, safe(target, logits.shape[-1])
    hard = store(np.log(np.squeeze(total, -1)) - picked(gap, index))
    each = _mixed(hard, lambda: np.log(total) - gap, index, weight, label_smoothing)
    losses = np.where(kept, each, 0.0)
    if weight is None:
        return masked(losses, kept, reduction, empty_mean, ignored_in_mean)
    divisor = _divisor(kept, index, weight, ignored_in_mean, weighted_mean)
    return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)


def _mixed(
    hard: Array,
    costs: Callable[[], Array],
    index: Array,
    weight: Array,
    label_smoothing: float,
) -> Array:
    """The target's cost times its weight; smoothing adds those of all classes, each with its own."""
    hard = hard if weight is None else store(hard * weight[index])
    if label_smoothing == 0.0:
        return hard
    each = store(costs())
    soft = store(np.sum(weighted(each, weight), axis=-1))
    part = store(soft * (label_smoothing / each.shape[-1]))
    return store(store(hard * (1.0 - label_smoothing)) + part)


def _divisor(
    kept: Array, index: Array, weight: Array, ignored_in_mean: str, weighted_mean: str
) -> Array:
    """What a mean divides by: the number of the samples in it, or their weights."""
    counted = ignored_in_mean == "counted"
    if weight is None or weighted_mean == "by-count":
        return float(kept.size if counted else np.sum(kept))
    return store(np.sum(np.where(kept, weight[index], 1.0 if counted else 0.0)))


def masked(
    losses: Array, kept: Array, reduction: str, empty_mean: str, ignored_in_mean: str
) -> Array:
    """Keras multiplies each loss by total / valid before it sums and divides by the total."""
    if kept.all() or reduction != "mean" or ignored_in_mean == "counted":
        divisor = float(losses.size) if reduction == "mean" else None
        return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)
    valid = float(np.sum(kept))
    scale = store(losses * 0.0 + (losses.size / valid if valid else 0.0))
    total = store(np.sum(store(losses * scale)))
    return quotient(total, float(losses.size), empty_mean)


def softmax_less_one_hot_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    **keywords: Any,
) -> dict[str, Array]:
    """(exp(x - max) / sum - one hot) times the shared cotangent.

    Weights and smoothing make a row of shares of the one-hot row, and their sum multiplies the softmax.
    """
    gap, total = centred_in_storage(logits)
    kept, own = target != ignore_index, _own(logits, target, weight, label_smoothing)
    probability = store(np.exp(gap) / total)
    if weight is not None or label_smoothing != 0.0:
        probability = store(probability * store(np.sum(own, axis=-1, keepdims=True)))
    slope = store(probability - own)
    gradient = store(_share(logits, target, cotangent, kept, weight, keywords) * slope)
    return {"logits": np.where(np.expand_dims(kept, -1), gradient, 0.0)}


def log_sum_exp_autodiff_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    **keywords: Any,
) -> dict[str, Array]:
    """Derivative of log(sum(exp(x - max))), less what the targets take: two terms. Source: optax."""
    gap, total = centred(logits)
    kept, own = target != ignore_index, _own(logits, target, weight, label_smoothing)
    share = _share(logits, target, cotangent, kept, weight, keywords)
    taken, whole = _taken(share, own, weight, label_smoothing)
    return {"logits": store(store(np.exp(gap) * store(whole / total)) - taken)}


def exponential_of_difference_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    **keywords: Any,
) -> dict[str, Array]:
    """The same with exp(x - lse) as the softmax, lse stored: a large one costs it digits.

    Source: torch, FunctionsManual.cpp, logsumexp_backward.
    """
    kept, own = target != ignore_index, _own(logits, target, weight, label_smoothing)
    share = _share(logits, target, cotangent, kept, weight, keywords)
    taken, whole = _taken(share, own, weight, label_smoothing)
    probability = store(np.exp(store(logits - store(log_sum_exp(logits)))))
    return {"logits": store(store(whole * probability) - taken)}


def _own(logits: Array, target: Array, weight: Array, label_smoothing: float) -> Array:
    """How often the cost of each class counts in a sample's loss."""
    classes = logits.shape[-1]
    index = safe(target, classes)
    place = at_target(classes, index)
    if label_smoothing == 0.0 and weight is None:
        return np.where(place, 1.0, 0.0)
    hard = 1.0 if weight is None else np.expand_dims(weight[index], -1)
    if label_smoothing == 0.0:
        return np.where(place, hard, 0.0)
    even, rest = (
        constant(label_smoothing / classes, logits),
        constant(1.0 - label_smoothing, logits),
    )
    return store(np.where(place, store(rest * hard), 0.0) + weighted(even, weight))


def _share(
    logits: Array,
    target: Array,
    cotangent: Array,
    kept: Array,
    weight: Array,
    keywords: dict[str, Any],
) -> Array:
    """The cotangent of each sample, 0 where it is ignored; with an axis for the classes."""
    index = safe(target, logits.shape[-1])
    choices = (keywords.get("ignored_in_mean", ""), keywords.get("weighted_mean", "by-weight"))
    share = shared(
        cotangent, keywords.get("reduction", "mean"), target.shape,
        divisor=_divisor(kept, index, weight, *choices),
        empty_mean=keywords.get("empty_mean", "nan"),
    )  # fmt: skip
    return np.expand_dims(np.where(kept, share, 0.0), -1)


def _taken(share: Array, own: Array, weight: Array, label_smoothing: float) -> tuple[Array, Array]:
    """The cotangent of each cost, and its sum over the classes; one cost only has that of its loss."""
    taken = store(share * own)
    if weight is None and label_smoothing == 0.0:
        return taken, share
    return taken, store(np.sum(taken, axis=-1, keepdims=True))
