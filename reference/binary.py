"""Losses of independent yes-or-no probabilities, element by element, with their gradients."""

import numpy as np

from reference.choices import parse
from reference.reductions import reduce, spread
from reference.stable import Array, sigmoid, softplus, times

_LOGARITHMS = ("exact", "floor(value)", "clip(eps)", "shift(eps)")
_SATURATED = ("exact", "floor(least)")
_INFINITE = ("limit", "by-complement", "by-positive-part", "by-two-logs")


@np.errstate(all="ignore")
def binary_cross_entropy(
    probabilities: Array,
    target: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    log_of_zero: str = "exact",
    saturated_gradient: str = "exact",
) -> Array:
    """Minus the log-probability of a yes-or-no target, which may be anything between.

    Spec: classification/binary_cross_entropy. Shapes: (*batch), (*batch) -> (*batch) before
    reduction. Both terms are non-negative; 1 - p is not formed before its logarithm is taken.
    """
    parse(saturated_gradient, *_SATURATED)
    yes, no = _logarithms(probabilities + 0.0, log_of_zero)
    losses = times(target, -yes) + times(1.0 - target, -no)
    return reduce(_weighted(losses, weight), reduction, empty_mean=empty_mean, last_axis=last_axis)


@np.errstate(all="ignore")
def binary_cross_entropy_gradient(
    probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    last_axis: str = "kept",
    log_of_zero: str = "exact",
    saturated_gradient: str = "exact",
) -> dict[str, Array]:
    """Gradients of `binary_cross_entropy` with respect to both inputs."""
    p = probabilities + 0.0  # minus zero would turn the sign of an infinite slope
    share = spread(cotangent, reduction, p.shape, empty_mean=empty_mean, last_axis=last_axis)
    share = _weighted(share, weight)
    floor = parse(saturated_gradient, *_SATURATED)
    if floor.name == "floor":
        slope = (p - target) / np.maximum(p * (1.0 - p), floor.argument)
        log_of_zero = "exact"
    else:
        slope = _slope(p, target, log_of_zero)
    return {
        "probabilities": share * slope,
        "target": share * _log_odds_against(p, log_of_zero),
    }


@np.errstate(all="ignore")
def binary_cross_entropy_with_logits(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    infinite_logits: str = "limit",
    last_axis: str = "kept",
) -> Array:
    """Binary cross-entropy of sigmoid(logits).

    Spec: classification/binary_cross_entropy_with_logits. Shapes: (*batch), (*batch) -> (*batch)
    before reduction. Softplus from both sides: for targets in [0, 1] nothing cancels.
    """
    choice, infinite = parse(infinite_logits, *_INFINITE).name, np.isinf(logits)
    positive = _weighted(target * softplus(-logits), pos_weight)
    losses = positive + (1.0 - target) * softplus(logits)
    if infinite.any():
        losses = np.where(infinite, _at_infinity(logits, target, pos_weight, choice), losses)
    return reduce(_weighted(losses, weight), reduction, empty_mean=empty_mean, last_axis=last_axis)


@np.errstate(all="ignore")
def binary_cross_entropy_with_logits_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    pos_weight: Array = None,
    reduction: str = "mean",
    empty_mean: str = "nan",
    infinite_logits: str = "limit",
    last_axis: str = "kept",
) -> dict[str, Array]:
    """Gradients of `binary_cross_entropy_with_logits` with respect to both inputs.

    (1 - y) s(x) - y s(-x) keeps both tails; see `_slope_near_zero` for where these are equal.
    The choices of `infinite_logits` differ in the value alone.
    """
    parse(infinite_logits, *_INFINITE)
    share = spread(cotangent, reduction, logits.shape, empty_mean=empty_mean, last_axis=last_axis)
    share = _weighted(share, weight)
    far = (1.0 - target) * sigmoid(logits) - _weighted(target, pos_weight) * sigmoid(-logits)
    slope = np.where(np.abs(logits) < 1.0, _slope_near_zero(logits, target, pos_weight), far)
    return {"logits": share * slope, "target": share * _target_slope(logits, pos_weight)}


def _weighted(x: Array, weight: Array) -> Array:
    return x if weight is None else weight * x


def _at_infinity(x: Array, target: Array, pos_weight: Array, choice: str) -> Array:
    """The loss of an infinite logit, as the terms of the chosen form add up there."""
    more = 1.0 if pos_weight is None else pos_weight
    if_true, if_false = softplus(-x), softplus(x)
    match choice:
        case "by-complement":
            return (1.0 - target) * x + (1.0 + (more - 1.0) * target) * if_true
        case "by-positive-part":
            plain = np.maximum(x, 0.0) - x * target
            return plain if pos_weight is None else plain + (more - 1.0) * target * if_true
        case "by-two-logs":
            return more * target * if_true + (1.0 - target) * if_false
    positive = np.where(target == 0, 0.0, more * target * if_true)
    return positive + np.where(target == 1, 0.0, (1.0 - target) * if_false)


def _slope_near_zero(logits: Array, target: Array, pos_weight: Array) -> Array:
    """(1 - y) s(x) - y s(-x) with s(x) = (1 + tanh(x / 2)) / 2: the halves go before x is lost."""
    bend = np.tanh(0.5 * logits)
    plain = (0.5 - target) + 0.5 * bend
    if pos_weight is None:
        return plain
    return plain - 0.5 * ((pos_weight - 1.0) * target) * (1.0 - bend)


def _target_slope(logits: Array, pos_weight: Array) -> Array:
    """pos_weight softplus(-x) - softplus(x), the linear part taken out of both."""
    if pos_weight is None:
        return -logits
    bend = (pos_weight - 1.0) * np.log1p(np.exp(-np.abs(logits)))
    return bend - np.where(logits >= 0, logits, pos_weight * logits)


def _logarithms(p: Array, log_of_zero: str) -> tuple[Array, Array]:
    """log p and log(1 - p), each after what the convention does to it.

    Near 1 the clipped and the shifted p are taken from 1 - p, which is exact there.
    """
    choice = parse(log_of_zero, *_LOGARITHMS)
    q, limit = 1.0 - p, choice.argument
    match choice.name:
        case "floor":
            return np.maximum(np.log(p), limit), np.maximum(np.log1p(-p), limit)
        case "clip":
            low, high = np.maximum(p, limit), np.maximum(q, limit)
            yes = np.where(q <= limit, np.log1p(-high), np.log(low))
            return yes, np.where(q <= limit, np.log(high), np.log1p(-low))
        case "shift":
            yes = np.where(p > 0.5, np.log1p(limit - q), np.log(p + limit))
            return yes, np.where(p < 0.5, np.log1p(limit - p), np.log(q + limit))
    return np.log(p), np.log1p(-p)


def _slope(p: Array, target: Array, log_of_zero: str) -> Array:
    """Derivative by p: the exact one, with its limits at hard targets, where the choice is flat."""
    choice = parse(log_of_zero, *_LOGARITHMS)
    q, limit = 1.0 - p, choice.argument
    if choice.name == "shift":
        top = (p - target) + limit * (1.0 - 2.0 * target)
        return top / ((p + limit) * (q + limit))
    no, yes = np.where(target == 1, 0.0, (1.0 - target) / q), np.where(target == 0, 0.0, target / p)
    both = (p - target) / (p * q)
    exact = np.where(target == 0, no, np.where(target == 1, -yes, both))
    match choice.name:
        case "floor":
            low, high = np.log(p) < limit, np.log1p(-p) < limit
            return np.where(low, no, np.where(high, -yes, exact))
        case "clip":
            return np.where((p < limit) | (q < limit), 0.0, exact)
    return exact


def _log_odds_against(p: Array, log_of_zero: str) -> Array:
    """log(1 - p) - log p, by a single log1p around a half, where the two cancel."""
    yes, no = _logarithms(p, log_of_zero)
    if parse(log_of_zero, *_LOGARITHMS).name == "shift":
        return no - yes
    middle = np.log1p(2.0 * (0.5 - p) / p)  # 0.5 - p is exact here
    return np.where((p > 0.25) & (p < 0.75), middle, no - yes)
