"""Gradients by weights: every loss is linear in each, so the slope is the loss without it.

Programs take inputs, a cotangent and every keyword of the value, and give a gradient for each weight
that is stated. `keep` is what becomes of each intermediate: nothing in the reference, a write to
memory in what an implementation runs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.choices import parse
from reference.logits import spared
from reference.reductions import quotient, spread
from reference.stable import Array, softplus, times

Value = Callable[..., Array]
Keep = Callable[[Array], Array]
Gradients = dict[str, Array]


def plainly(x: Array) -> Array:
    return x


def by_entry(value: Value, keep: Keep = plainly) -> Callable[..., Gradients]:
    """By a weight of each entry: the entry's loss, less the mean where the weights divide it."""

    @np.errstate(all="ignore")
    def program(*arguments: Array, weight: Array = None, **keywords: Any) -> Gradients:
        *given, cotangent = arguments
        if weight is None:
            return {}
        alone = {**keywords, "reduction": "none", "last_axis": "kept"}
        each = keep(value(*given, **alone))
        by_weight = keywords.get("weighted_mean") == "by-weight"
        if keywords["reduction"] != "mean" or not by_weight:
            share = keep(_share(cotangent, each.shape, keywords))
            return {"weight": onto(keep(share * each), np.shape(weight))}
        return {"weight": _of_mean(value, given, cotangent, each, weight, keywords, keep)}

    return program


def _share(cotangent: Array, shape: tuple[int, ...], keywords: dict[str, Any]) -> Array:
    names = ("empty_mean", "last_axis")
    told = {name: keywords[name] for name in names if name in keywords}
    return spread(cotangent, keywords["reduction"], shape, **told)


def _of_mean(
    value: Value,
    given: list[Array],
    cotangent: Array,
    each: Array,
    weight: Array,
    keywords: dict[str, Any],
    keep: Keep,
) -> Array:
    """g / W times the entry's loss, less g times the mean over W; folded neighbours share W."""
    last_axis = keywords.get("last_axis", "kept")
    fold = 1 if last_axis == "kept" else each.shape[-1]
    whole = keep(np.sum(np.broadcast_to(weight, each.shape)) / fold)
    empty_mean = keywords.get("empty_mean", "nan")
    part = keep(quotient(cotangent, whole, empty_mean))
    part = part / fold if last_axis == "mean" else part
    mean = keep(value(*given, weight=weight, **keywords))
    shift = keep(cotangent * keep(quotient(mean, whole, empty_mean))) / fold
    return onto(keep(keep(part * each) - shift), np.shape(weight))


def by_positive_weight(keep: Keep = plainly) -> Callable[..., Gradients]:
    """By the weight of the positive class: y softplus(-x), times the other weight."""

    @np.errstate(all="ignore")
    def program(
        logits: Array,
        target: Array,
        cotangent: Array,
        *,
        weight: Array = None,
        pos_weight: Array = None,
        **keywords: Any,
    ) -> Gradients:
        if pos_weight is None:
            return {}
        each = times(target, keep(softplus(-logits)))
        share = keep(_share(cotangent, logits.shape, keywords))
        slope = keep(share * keep(each if weight is None else weight * each))
        return {"pos_weight": onto(slope, np.shape(pos_weight))}

    return program


def together(*programs: Callable[..., Gradients]) -> Callable[..., Gradients]:
    """The gradients of several programs of one loss."""

    def program(*arguments: Array, **keywords: Any) -> Gradients:
        found: Gradients = {}
        for each in programs:
            found |= each(*arguments, **keywords)
        return found

    return program


def by_class(
    value: Value, costs: Callable[[Array, str], Array], keep: Keep = plainly
) -> Callable[..., Gradients]:
    """By the weights of the classes, of a loss with class indices.

    `costs` is what each class costs as the target, from scores and the choice for infinite logits.
    Where the weights divide the mean, each sample moves it by its share of the mean.
    """

    @np.errstate(all="ignore")
    def program(
        scores: Array,
        target: Array,
        cotangent: Array,
        *,
        weight: Array = None,
        ignore_index: int = -100,
        label_smoothing: Array = 0.0,
        **keywords: Any,
    ) -> Gradients:
        if weight is None:
            return {}
        hit, ignored = _hits(target, scores.shape[-1], ignore_index)
        smooth = {} if "infinite_logits" not in keywords else {"label_smoothing": label_smoothing}
        told = {**keywords, **smooth, "ignore_index": ignore_index}
        divisor = _divisor(ignored, hit, weight, keywords)
        share = keep(_share_of(cotangent, target.shape, divisor, keywords))
        by_target = keywords.get("smoothing_weights") == "target-class"
        if by_target or not smooth:
            alone = {**told, "reduction": "none"}
            slope = np.where(hit, _last(keep(share * value(scores, target, **alone))), 0.0)
        else:
            each = keep(costs(scores, keywords["infinite_logits"]))
            mixed = _mixed(hit, ignored, label_smoothing, keywords.get("smoothing_mass"))
            slope = times(mixed, keep(_last(share) * each))
        if keywords["reduction"] == "mean" and keywords.get("weighted_mean") == "by-weight":
            mean = keep(value(scores, target, weight=weight, **told))
            by_whole = quotient(mean, divisor, keywords.get("empty_mean", "nan"))
            shift = keep(cotangent * keep(by_whole))
            slope = keep(slope - np.where(hit, np.broadcast_to(shift, hit.shape), 0.0))
        return {"weight": onto(keep(slope), np.shape(weight))}

    return program


def _hits(target: Array, classes: int, ignore_index: int) -> tuple[Array, Array]:
    """Which class each sample asks for, none where it is ignored; and which samples are."""
    ignored = np.equal(target, ignore_index)
    asked = np.arange(classes) == _last(np.where(ignored, 0, target))
    return asked & ~_last(ignored), ignored


def _share_of(
    cotangent: Array, shape: tuple[int, ...], divisor: Array, keywords: dict[str, Any]
) -> Array:
    """What of the cotangent comes to each sample."""
    names = ("reduction", "empty_mean")
    told = {name: keywords[name] for name in names if name in keywords}
    return spread(cotangent, shape=shape, divisor=divisor, **told)


def _divisor(ignored: Array, hit: Array, weight: Array, keywords: dict[str, Any]) -> Array:
    """What a mean divides by: the weights or the number of the samples that count."""
    counted = 1.0 if keywords.get("ignored_in_mean") == "counted" else 0.0
    by_count = keywords.get("weighted_mean") == "by-count"
    each = np.ones(ignored.shape) if by_count else np.sum(np.where(hit, weight, 0.0), axis=-1)
    return np.sum(np.where(ignored, counted, each))


def _mixed(hit: Array, ignored: Array, label_smoothing: Array, mass: str | None) -> Array:
    """How often the cost of each class counts in a sample of weights one."""
    others = mass == "other-classes"
    count = hit.shape[-1] - others
    even = np.where(hit & others, 0.0, 1.0) * (label_smoothing / count)
    return np.where(_last(ignored), 0.0, np.where(hit, 1.0 - label_smoothing, 0.0) + even)


def by_class_of_probabilities(
    costs: Callable[[Array, str], Array], keep: Keep = plainly
) -> Callable[..., Gradients]:
    """By the weights of the classes, of a loss with target probabilities: its terms, added up."""

    @np.errstate(all="ignore")
    def program(
        logits: Array,
        target: Array,
        cotangent: Array,
        *,
        weight: Array = None,
        label_smoothing: Array = 0.0,
        infinite_logits: str = "limit",
        **keywords: Any,
    ) -> Gradients:
        if weight is None:
            return {}
        part = _last(keep(_share(cotangent, logits.shape[:-1], keywords)))
        own = keep((1.0 - label_smoothing) * target)
        mixed = keep(own + label_smoothing / logits.shape[-1])
        each = keep(costs(logits, infinite_logits))
        if parse(infinite_logits, "limit", "nan", "by-difference").name == "limit":
            each = spared(each, mixed)
        return {"weight": onto(keep(part * keep(mixed * each)), np.shape(weight))}

    return program


def negated(scores: Array, _: str) -> Array:
    """What each class costs where the scores are log-probabilities."""
    return -scores


def onto(slopes: Array, shape: tuple[int, ...]) -> Array:
    """Slopes added up over the axes along which a weight of that shape was repeated."""
    if slopes.shape == shape:
        return slopes
    if shape == ():
        return np.sum(slopes)
    return np.sum(np.reshape(slopes, (-1, *shape)), axis=0)


def _last(x: Array) -> Array:
    return np.expand_dims(x, -1)
