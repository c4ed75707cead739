"""NumPy implementations, each with its gradient beside it: faults, and the correct program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def _checked(first: Array, second: Array, weight: Array | None, reduction: str) -> None:
    if first.shape != second.shape or first.dtype.kind in "iub":
        raise ValueError("two arrays of real numbers and of one shape are expected")
    if weight is not None and np.broadcast_shapes(weight.shape, first.shape) != first.shape:
        raise ValueError("a weight an entry")
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}")


def _total(weight: Array | None, shape: tuple[int, ...], reduction: str) -> Any:
    if reduction != "mean":
        return 1.0
    return np.float64(np.prod(shape)) if weight is None else np.broadcast_to(weight, shape).sum()


def _mse(wide: Any, total: Callable[[Array], Array]) -> Callable[..., Array]:
    @np.errstate(all="ignore")
    def mse(prediction, target, weight=None, reduction="mean"):
        _checked(prediction, target, weight, reduction)
        p, t = prediction, target
        if wide is not None:
            p, t = p.astype(wide), t.astype(wide)
            weight = None if weight is None else weight.astype(wide)
        losses = (p - t) ** 2 if weight is None else weight * (p - t) ** 2
        if reduction != "none":
            losses = total(losses) / _total(weight, losses.shape, reduction)
        return np.asarray(losses).astype(prediction.dtype)

    return mse


def _mse_gradient(sign: float, divided: bool = True) -> Callable[..., dict[str, Array]]:
    @np.errstate(all="ignore")
    def gradient(prediction, target, cotangent, weight=None, reduction="mean"):
        wide = [each.astype(np.float64) for each in (prediction, target, cotangent)]
        weight = 1.0 if weight is None else weight.astype(np.float64)
        total = _total(None if isinstance(weight, float) else weight, prediction.shape, reduction)
        share = wide[2] / (total if divided else 1.0)
        slope = (2.0 * (wide[0] - wide[1]) * (share * weight)).astype(prediction.dtype)
        return {"prediction": slope, "target": (sign * slope).astype(prediction.dtype)}

    return gradient


def _one_by_one(losses: Array) -> Array:
    """A running total: one addition after the other in the dtype of the losses."""
    return np.cumsum(losses)[-1] if losses.size else losses.sum()


def _row_means(losses: Array) -> Array:
    """Wrong past the range of a byte: the number of entries wraps."""
    return losses.sum() * (losses.size / (losses.size % 256 or 1) if losses.size > 255 else 1.0)


mse_in_numpy, mse_in_numpy_gradient = _mse(np.float64, np.sum), _mse_gradient(-1.0)
mse_summed_by_numpy, mse_summed_by_numpy_gradient = (
    _mse(np.float64, lambda losses: np.add.reduce(losses, axis=None)),
    _mse_gradient(-1.0),
)
numpy_running_total, numpy_running_total_gradient = (
    _mse(None, _one_by_one),
    _mse_gradient(-1.0),
)
numpy_in_float32, numpy_in_float32_gradient = _mse(np.float32, np.sum), _mse_gradient(-1.0)
numpy_target_sign, numpy_target_sign_gradient = _mse(np.float64, np.sum), _mse_gradient(1.0)
numpy_gradient_undivided, numpy_gradient_undivided_gradient = (
    _mse(np.float64, np.sum),
    _mse_gradient(-1.0, divided=False),
)
numpy_count_wraps, numpy_count_wraps_gradient = (
    _mse(np.float64, _row_means),
    _mse_gradient(-1.0),
)


def numpy_gradient_to_indices(log_probabilities, target, reduction="mean"):
    """A negative log-likelihood whose companion gives class indices a gradient too, of zeros."""
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}")
    if target.dtype.kind not in "iu" or target.shape != log_probabilities.shape[:-1]:
        raise ValueError("one class index a sample is expected")
    classes = log_probabilities.shape[-1]
    if ((target < 0) | (target >= classes)).any():
        raise ValueError("a target lies outside the classes")
    wide = log_probabilities.astype(np.float64)
    losses = -np.take_along_axis(wide, target[..., None], -1)[..., 0]
    with np.errstate(all="ignore"):
        total = losses.sum() / (losses.size if reduction == "mean" else 1)
    value = losses if reduction == "none" else total
    return np.asarray(value).astype(log_probabilities.dtype)


def numpy_gradient_to_indices_gradient(log_probabilities, target, cotangent, reduction="mean"):
    share = np.broadcast_to(cotangent.astype(np.float64), target.shape)
    share = share / max(target.size, 1) if reduction == "mean" else share
    classes = np.arange(log_probabilities.shape[-1])
    slope = np.where(target[..., None] == classes, -share[..., None], 0.0)
    dtype = log_probabilities.dtype
    return {"log_probabilities": slope.astype(dtype), "target": np.zeros(target.shape, dtype)}
