"""Divergences between two distributions, element by element, with their gradients."""

import numpy as np

from reference.choices import parse
from reference.reductions import reduce, spread
from reference.stable import Array

_LOGARITHMS = ("exact", "clip(eps)")


@np.errstate(all="ignore")
def kl_divergence(
    log_probabilities: Array,
    target: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    log_of_zero: str = "exact",
    zero_target: str = "zero",
) -> Array:
    """Pointwise Kullback-Leibler divergence of the target from the prediction.

    Spec: divergence/kl_divergence. Shapes: (*batch), (*batch) -> (*batch) before reduction.
    The two logarithms are subtracted before they are scaled, so nearly equal distributions lose
    no more than the logarithms themselves.
    """
    p, log_p, log_q = _terms(log_probabilities, target, log_target, log_of_zero)
    losses = p * (log_p - log_q)
    if parse(log_of_zero, *_LOGARITHMS).name == "exact":
        losses = np.where(_nothing(log_p), _of_nothing(log_q, log_target, zero_target), losses)
    rows = _rows(losses)
    return reduce(losses, reduction, rows=rows, empty_mean=empty_mean, last_axis=last_axis)


@np.errstate(all="ignore")
def kl_divergence_gradient(
    log_probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    log_target: bool = False,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    log_of_zero: str = "exact",
    zero_target: str = "zero",
) -> dict[str, Array]:
    """Gradients of `kl_divergence` with respect to both inputs.

    Towards a target probability of zero the slope falls without bound; by its logarithm it ends
    at zero. A clipped number has no slope, one at the end of its interval that of the inside.
    """
    shape, rows = target.shape, _rows(target)
    share = spread(
        cotangent, reduction, shape, rows=rows, empty_mean=empty_mean, last_axis=last_axis
    )
    p, log_p, log_q = _terms(log_probabilities, target, log_target, log_of_zero)
    slope = (log_p - log_q) + 1.0
    slope = p * slope if log_target else slope
    choice = parse(log_of_zero, *_LOGARITHMS)
    if choice.name == "clip":
        q, held = np.exp(log_probabilities), np.exp(target) if log_target else target
        by_q = np.where((q < choice.argument) | (q > 1.0), 0.0, -p)
        slope = np.where((held < choice.argument) | (held > 1.0), 0.0, slope)
        return {"log_probabilities": share * by_q, "target": share * slope}
    if parse(zero_target, "zero", "nan").name == "zero":
        end = 0.0 if log_target else -np.inf
        slope = np.where(_nothing(log_p) & ~np.isnan(log_q), end, slope)
    return {"log_probabilities": share * -p, "target": share * slope}


def _terms(
    log_probabilities: Array, target: Array, log_target: bool, log_of_zero: str
) -> tuple[Array, Array, Array]:
    """The target probability, its logarithm and the predicted one, clipped if so chosen."""
    p = np.exp(target) if log_target else target
    choice = parse(log_of_zero, *_LOGARITHMS)
    if choice.name == "exact":
        return p, target if log_target else np.log(target), log_probabilities
    p = np.minimum(np.maximum(p, choice.argument), 1.0)
    log_p = _clipped_log(target, choice.argument) if log_target else np.log(p)
    return p, log_p, _clipped_log(log_probabilities, choice.argument)


def _clipped_log(logarithm: Array, least: float) -> Array:
    """log of the clipped exponential; untouched inside the interval."""
    p = np.exp(logarithm)
    return np.where(p > least, np.minimum(logarithm, 0.0), np.log(np.maximum(p, least)))


def _nothing(log_p: Array) -> Array:
    """Where the target has no probability; a plain mask."""
    return np.isinf(np.minimum(log_p, 0.0))


def _of_nothing(log_q: Array, log_target: bool, zero_target: str) -> Array:
    """0 log (0 / q): zero, but NaN for a q of NaN, or as the convention says."""
    if parse(zero_target, "zero", "nan").name == "zero":
        return np.where(np.isnan(log_q), log_q, 0.0)
    return log_q * np.nan if log_target else 0.0 * log_q


def _rows(x: Array) -> int:
    return int(x.shape[0]) if x.ndim else 1
