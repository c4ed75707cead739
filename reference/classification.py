"""Losses of class scores against class indices or probabilities, with their gradients."""

import numpy as np

from reference.choices import parse
from reference.logits import cost, cost_slope, spared, tamed
from reference.reductions import reduce, spread
from reference.stable import Array, sum_of_others, times

_TARGET_MASS = ("any", "assumed-one")


@np.errstate(all="ignore")
def nll(
    log_probabilities: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    weighted_mean: str = "by-weight",
) -> Array:
    """Minus the log-probability of the target class.

    Spec: classification/nll. Shapes: (*batch, classes), (*batch) -> (*batch) before reduction.
    """
    ignored, index = _split(target, ignore_index)
    weighed = _weight_of(index, weight)
    losses = np.where(ignored, 0.0, -(weighed * _pick(log_probabilities, index)))
    divisor = _divisor(ignored, weighed, ignored_in_mean, weighted_mean)
    return reduce(losses, reduction, divisor=divisor, empty_mean=empty_mean)


@np.errstate(all="ignore")
def nll_gradient(
    log_probabilities: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    weighted_mean: str = "by-weight",
) -> dict[str, Array]:
    """Gradient of `nll`: minus the weight, at the target class only."""
    ignored, index = _split(target, ignore_index)
    weighed = _weight_of(index, weight)
    divisor = _divisor(ignored, weighed, ignored_in_mean, weighted_mean)
    share = spread(cotangent, reduction, target.shape, divisor=divisor, empty_mean=empty_mean)
    hit = _one_hot(index, log_probabilities.shape[-1]) & ~_last(ignored)
    return {"log_probabilities": np.where(hit, -_last(share * weighed), 0.0)}


@np.errstate(all="ignore")
def cross_entropy(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: Array = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    infinite_logits: str = "limit",
    smoothing_mass: str = "all-classes",
    smoothing_weights: str = "each-class",
    weighted_mean: str = "by-weight",
) -> Array:
    """Minus the log-probability that softmax(logits) gives to the target class.

    Spec: classification/cross_entropy. Shapes: (*batch, classes), (*batch) -> (*batch) before
    reduction. Every term is non-negative: see `surprisal`.
    """
    ignored, index = _split(target, ignore_index)
    weighed = _weight_of(index, weight)
    each = cost(logits, infinite_logits)
    even = _smoothing_weight(weighed, weight, logits.shape[-1], smoothing_weights)
    left_out, count = _left_out(index, logits.shape[-1], smoothing_mass)
    hard = weighed * _pick(each, index)
    soft = np.sum(np.where(left_out, 0.0, even * each), axis=-1) / count
    mixed = (1.0 - label_smoothing) * hard + label_smoothing * soft
    losses = np.where(ignored, 0.0, np.where(label_smoothing == 0, hard, mixed))
    divisor = _divisor(ignored, weighed, ignored_in_mean, weighted_mean)
    return reduce(losses, reduction, divisor=divisor, empty_mean=empty_mean)


@np.errstate(all="ignore")
def cross_entropy_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    ignore_index: int = -100,
    label_smoothing: Array = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    ignored_in_mean: str = "excluded",
    infinite_logits: str = "limit",
    smoothing_mass: str = "all-classes",
    smoothing_weights: str = "each-class",
    weighted_mean: str = "by-weight",
) -> dict[str, Array]:
    """Gradient of `cross_entropy` with respect to the logits."""
    ignored, index = _split(target, ignore_index)
    weighed = _weight_of(index, weight)
    classes = logits.shape[-1]
    even = _smoothing_weight(weighed, weight, classes, smoothing_weights)
    left_out, count = _left_out(index, classes, smoothing_mass)
    even = np.where(left_out, 0.0, even)
    hit, hard = _one_hot(index, classes), _last((1.0 - label_smoothing) * weighed)
    own = times(label_smoothing, even / count)
    rest = times(label_smoothing, sum_of_others(even) / count)
    own, rest = np.where(hit, hard + own, own), np.where(hit, rest, hard + rest)
    divisor = _divisor(ignored, weighed, ignored_in_mean, weighted_mean)
    share = spread(cotangent, reduction, target.shape, divisor=divisor, empty_mean=empty_mean)
    slope = cost_slope(logits, own, rest, infinite_logits)
    return {"logits": np.where(_last(ignored), 0.0, _last(share) * slope)}


@np.errstate(all="ignore")
def cross_entropy_probabilities(
    logits: Array,
    target: Array,
    *,
    weight: Array = None,
    label_smoothing: Array = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    infinite_logits: str = "limit",
    target_mass: str = "any",
) -> Array:
    """Cross-entropy of softmax(logits) relative to target probabilities, taken as given.

    Spec: classification/cross_entropy_probabilities.
    Shapes: (*batch, classes), (*batch, classes) -> (*batch) before reduction.
    """
    parse(target_mass, *_TARGET_MASS)
    share, each = _share(target, label_smoothing), cost(logits, infinite_logits)
    if infinite_logits == "limit":
        each = spared(each, share)
    terms = share * each
    losses = np.sum(terms if weight is None else weight * terms, axis=-1)
    return reduce(losses, reduction, empty_mean=empty_mean)


@np.errstate(all="ignore")
def cross_entropy_probabilities_gradient(
    logits: Array,
    target: Array,
    cotangent: Array,
    *,
    weight: Array = None,
    label_smoothing: Array = 0.0,
    reduction: str = "mean",
    empty_mean: str = "nan",
    infinite_logits: str = "limit",
    target_mass: str = "any",
) -> dict[str, Array]:
    """Gradients of `cross_entropy_probabilities` with respect to both inputs.

    Where the target's mass is assumed to be one, that is what the others make up with each class.
    """
    part = _last(spread(cotangent, reduction, logits.shape[:-1], empty_mean=empty_mean))
    share, each = _share(target, label_smoothing), cost(logits, infinite_logits)
    if infinite_logits == "limit":
        impossible = np.isinf(tamed(logits)) & ~np.isnan(each)
        each = np.where(impossible & (share == 0), 0.0, each)
    own = share if weight is None else weight * share
    weighed = each if weight is None else weight * each
    exact = infinite_logits == "limit"
    slope = times(1.0 - label_smoothing, weighed) if exact else (1.0 - label_smoothing) * weighed
    known_mass = parse(target_mass, *_TARGET_MASS).name == "assumed-one"
    others = 1.0 - own if known_mass else sum_of_others(own)
    return {
        "logits": part * cost_slope(logits, own, others, infinite_logits),
        "target": part * slope,
    }


def _split(target: Array, ignore_index: int) -> tuple[Array, Array]:
    """Which samples are ignored, and indices that are safe to gather with."""
    ignored = np.equal(target, ignore_index)
    return ignored, np.where(ignored, 0, target)


def _last(x: Array) -> Array:
    return np.expand_dims(x, -1)


def _one_hot(index: Array, classes: int) -> Array:
    return np.arange(classes) == _last(index)


def _pick(x: Array, index: Array) -> Array:
    return np.squeeze(np.take_along_axis(x, _last(index), axis=-1), -1)


def _weight_of(index: Array, weight: Array) -> Array:
    return np.ones(index.shape) if weight is None else weight[index]


def _divisor(ignored: Array, weighed: Array, ignored_in_mean: str, weighted_mean: str) -> Array:
    """What a mean divides by: the weights or the number of the samples that count."""
    counted = parse(ignored_in_mean, "excluded", "counted").name == "counted"
    by_count = parse(weighted_mean, "by-weight", "by-count").name == "by-count"
    share = np.ones(ignored.shape) if by_count else weighed
    return np.sum(np.where(ignored, 1.0 if counted else 0.0, share))


def _smoothing_weight(weighed: Array, weight: Array, classes: int, smoothing_weights: str) -> Array:
    """What the cost of each class is weighed with in the smoothed part."""
    if parse(smoothing_weights, "each-class", "target-class").name == "target-class":
        return np.broadcast_to(_last(weighed), (*weighed.shape, classes))
    return np.ones(classes) if weight is None else weight


def _left_out(index: Array, classes: int, smoothing_mass: str) -> tuple[Array, int]:
    """The classes that get none of the smoothing mass, and how many share it."""
    others = parse(smoothing_mass, "all-classes", "other-classes").name == "other-classes"
    return _one_hot(index, classes) & others, classes - others


def _share(target: Array, label_smoothing: Array) -> Array:
    """The target probabilities, smoothed."""
    return (1.0 - label_smoothing) * target + label_smoothing / target.shape[-1]
