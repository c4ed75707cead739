"""Cross-entropies of unreduced kernels, masked and reduced by what calls them, as Keras does.

Source: keras/src/backend/torch/nn.py and jax/nn.py; apply_mask and reduce_values of losses/loss.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.algorithms.distribution import log_softmax_autodiff_gradient
from reference.algorithms.likelihood import (
    log_softmax,
    log_softmax_backward,
    log_softmax_then_gather,
    log_softmax_then_gather_gradient,
)
from reference.algorithms.softmax import masked
from reference.algorithms.steps import at_target, picked, reduced, safe, shared, smoothed
from reference.stable import Array, store


def gathered_then_masked(
    logits: Array,
    target: Array,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    **_: Any,
) -> Array:
    """torch's losses without a reduction, and then the mask: Keras on torch."""
    losses = log_softmax_then_gather(logits, target, ignore_index=ignore_index, reduction="none")
    return masked(losses, target != ignore_index, reduction, empty_mean, ignored_in_mean)


def gathered_then_masked_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    ignore_index: int = -100,
    **keywords: Any,
) -> dict[str, Array]:
    """The share of each loss through torch's two backward kernels."""
    share = _share(cotangent, target != ignore_index, keywords)
    return log_softmax_then_gather_gradient(
        logits, target, share, ignore_index=ignore_index, reduction="none"
    )


def one_hot_times_log_softmax(
    logits: Array,
    target: Array,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    **_: Any,
) -> Array:
    """Minus the log-softmax times a one-hot row, summed: its other terms are zeros. Keras on JAX."""
    kept = target != ignore_index
    entries = picked(log_softmax(logits, rows=True), safe(target, logits.shape[-1]))
    return masked(np.where(kept, -entries, 0.0), kept, reduction, empty_mean, ignored_in_mean)


def one_hot_times_log_softmax_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    ignore_index: int = -100,
    **keywords: Any,
) -> dict[str, Array]:
    """The derivative of the log-softmax, step by step, of a one-hot row."""
    classes = logits.shape[-1]
    share = _share(cotangent, target != ignore_index, keywords)
    row = np.where(at_target(classes, safe(target, classes)), 1.0, 0.0)
    found = log_softmax_autodiff_gradient(logits, row, share, reduction="none")
    return {"logits": found["logits"]}


def rows_times_target(
    logits: Array,
    target: Array,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> Array:
    """Minus the log-softmax of rows times the target, summed row by row; then the reduction."""
    mixed = smoothed(target, label_smoothing, logits.shape[-1])
    losses = -store(np.sum(store(log_softmax(logits, rows=True) * mixed), axis=-1))
    divisor = float(losses.size) if reduction == "mean" else None
    return reduced(losses, reduction, divisor=divisor, empty_mean=empty_mean)


def rows_times_target_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    **_: Any,
) -> dict[str, Array]:
    """Autograd through the product, and torch's backward kernel of a log-softmax of rows."""
    share = shared(cotangent, reduction, logits.shape[:-1], empty_mean=empty_mean)
    share = -np.broadcast_to(np.expand_dims(share, -1), logits.shape)
    log_probabilities = log_softmax(logits, rows=True)
    incoming = store(share * smoothed(target, label_smoothing, logits.shape[-1]))
    slope = store(share * log_probabilities)
    if label_smoothing != 0.0:
        slope = store(slope * (1.0 - label_smoothing))
    backward = log_softmax_backward(log_probabilities, incoming, rows=True)
    return {"logits": backward, "target": slope}


def _share(cotangent: Array, kept: Array, keywords: dict[str, Any]) -> Array:
    """The cotangent of each loss: of a mean over the total, times total / valid as a mask has it."""
    reduction = keywords.get("reduction", "mean")
    share = shared(
        cotangent, reduction, kept.shape, empty_mean=keywords.get("empty_mean", "nan")
    )  # fmt: skip
    counted = keywords.get("ignored_in_mean", "excluded") == "counted"
    valid = float(np.sum(kept))
    if reduction == "mean" and not kept.all() and not counted:
        share = store(share * store(share * 0.0 + (kept.size / valid if valid else 0.0)))
    return np.where(kept, share, 0.0)
