"""Faults planted in the reference are caught by the comparison with the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from conformance.engine.certification.agreement import Call, Truth, disagreements, truth_of
from conformance.engine.certification.regimes import REGIMES, Draw, inputs_of, parameters_of
from conformance.specs.library import load_library
from reference import (
    PROGRAMS,
    Program,
    binary,
    classification,
    divergence,
    logits,
    reductions,
    regression,
    stable,
    weights,
)
from reference.choices import Choice

LOSSES = load_library().losses
WEIGHED = tuple(id for id in LOSSES if PROGRAMS[id].weights is not None)
CROSS_ENTROPIES = ("cross_entropy", "cross_entropy_probabilities")


@dataclass(frozen=True)
class Fault:
    """Functions of the reference and what stands in for them while the losses run."""

    name: str
    losses: tuple[str, ...]
    modules: tuple[ModuleType, ...]
    replacements: dict[str, Callable[..., Any]]

    def program(self, id: str) -> Program:
        return Program(*[None if part is None else self._planted(part) for part in PROGRAMS[id]])

    def _planted(self, part: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*arguments: Any, **keywords: Any) -> Any:
            with ExitStack() as stack:
                for module in self.modules:
                    stack.enter_context(patch.multiple(module, **self.replacements))
                return part(*arguments, **keywords)

        return faulty


def unmoved(value, given, cotangent, each, weight, keywords, keep):
    whole = np.sum(np.broadcast_to(weight, each.shape))
    return weights.onto(cotangent / whole * each, np.shape(weight))


def averaged(slopes, shape):
    if slopes.shape == shape:
        return slopes
    return np.mean(np.reshape(slopes, (-1, *shape)), axis=0)


def unscaled(hit, ignored, label_smoothing, mass):
    even = np.where(ignored[..., None], 0.0, label_smoothing / hit.shape[-1])
    return np.where(hit, 1.0, 0.0) + even


def fault(name, losses, *modules, **replacements) -> Fault:
    return Fault(name, losses, modules, replacements)


def naive_log_softmax(x):
    return -np.log(np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True))


def naive_softplus(x):
    return np.maximum(x, 0.0) + np.log(1.0 + np.exp(-np.abs(x)))


def naive_shares(x):
    p = stable.shares(x).probability
    return stable.Shares(p, 1.0 - p)


def total_less_each(x):
    return np.sum(x, axis=-1, keepdims=True) - x


def logs_plus_eps(p, choice):
    return np.log(p + 1e-12), np.log(1.0 - p + 1e-12)


def logs_of_differences(p, choice):
    return np.log(p), np.log(1.0 - p)


def difference_of_logs(p, choice):
    return np.log1p(-p) - np.log(p)


def one_sided_sigmoid(x):
    return 1.0 - 1.0 / (1.0 + np.exp(x))


def two_sigmoids(x, target, pos_weight):
    positive = target if pos_weight is None else pos_weight * target
    return (1.0 - target) * stable.sigmoid(x) - positive * stable.sigmoid(-x)


def without_entropy(log_q, target, log_target, choice):
    return (np.exp(target) if log_target else target), 0.0 * target, log_q


def log_space(log_q, target, log_target, choice):
    return np.exp(target), target, log_q


def twice_weighted(x, weight):
    return x if weight is None else weight * weight * x


def one_less(index, classes, mass):
    left_out, count = sound_left_out(index, classes, mass)
    return left_out, count - 1


def counted(ignored, weighed, ignored_in_mean, weighted_mean):
    return sound_divisor(ignored, weighed, "counted", weighted_mean)


def by_count(ignored, weighed, ignored_in_mean, weighted_mean):
    return sound_divisor(ignored, weighed, ignored_in_mean, "by-count")


def ignoring_nothing(target, ignore_index):
    return np.zeros(target.shape, dtype=bool), np.where(target == ignore_index, 0, target)


def zero_of_nothing(losses, reduction, **keywords):
    return sound_reduce(losses, reduction, **{**keywords, "empty_mean": "zero"})


def no_denominator(cotangent, reduction, shape, **keywords):
    return sound_spread(cotangent, "none" if reduction == "none" else "sum", shape)


def as_it_is(each, share):
    return each


def negated(cotangent, reduction, shape, **keywords):
    return -sound_spread(cotangent, reduction, shape, **keywords)


def mean_over_one_more(losses, reduction, **keywords):
    result = sound_reduce(losses, reduction, **keywords)
    return result * losses.size / (losses.size + 1.0) if reduction == "mean" else result


def sum_in_float32(losses, reduction, **keywords):
    if reduction == "none":
        return losses
    return sound_reduce(losses.astype(np.float32), reduction, **keywords).astype(np.float64)


sound_left_out, sound_divisor = classification._left_out, classification._divisor
sound_spread, sound_reduce = reductions.spread, reductions.reduce
FAMILIES = (regression, classification, binary, divergence)
INDEXED = ("nll", "cross_entropy")
EVERY = tuple(LOSSES)
BCE, LOGITS = ("binary_cross_entropy",), ("binary_cross_entropy_with_logits",)
KL = ("kl_divergence",)

FAULTS = [
    fault("softmax-before-its-log", CROSS_ENTROPIES, logits, surprisal=naive_log_softmax),
    fault(
        "log-of-total-without-log1p",
        CROSS_ENTROPIES,
        stable,
        _log_total=lambda parts: np.log(parts.tied + parts.rest),
    ),
    fault("one-minus-softmax", CROSS_ENTROPIES, logits, shares=naive_shares),
    fault("total-less-each", CROSS_ENTROPIES, classification, sum_of_others=total_less_each),
    fault("ignored-counted", INDEXED, classification, _divisor=counted),
    fault("weights-not-in-the-mean", INDEXED, classification, _divisor=by_count),
    fault("ignored-not-dropped", INDEXED, classification, _split=ignoring_nothing),
    fault("mean-of-nothing-is-zero", INDEXED, classification, reduce=zero_of_nothing),
    fault("smoothing-over-one-less", ("cross_entropy",), classification, _left_out=one_less),
    fault(
        "smoothing-on-top",
        ("cross_entropy_probabilities",),
        classification,
        _share=lambda target, smoothing: target + smoothing / target.shape[-1],
    ),
    fault(
        "infinite-logits-not-tamed",
        CROSS_ENTROPIES,
        classification,
        cost=lambda x, choice: stable.surprisal(x),
    ),
    fault("log-of-p-plus-eps", BCE, binary, _logarithms=logs_plus_eps),
    fault("log-of-one-minus-p", BCE, binary, _logarithms=logs_of_differences),
    fault("zero-times-infinity", BCE, binary, times=lambda factor, x: factor * x),
    fault("two-logs-around-a-half", BCE, binary, _log_odds_against=difference_of_logs),
    fault("softplus-without-log1p", LOGITS, binary, softplus=naive_softplus),
    fault("sigmoid-from-one-side", LOGITS, binary, sigmoid=one_sided_sigmoid),
    fault("two-sigmoids-near-zero", LOGITS, binary, _slope_near_zero=two_sigmoids),
    fault("no-slope-by-pos-weight", LOGITS, binary, _target_slope=lambda x, pos_weight: -x),
    fault("entropy-left-out", KL, divergence, _terms=without_entropy),
    fault("target-always-in-log-space", KL, divergence, _terms=log_space),
    fault("batchmean-over-everything", KL, divergence, _rows=lambda x: x.size),
    fault("kink-of-one", ("l1",), regression, parse=lambda *_: Choice("value", 1.0)),
    fault("weight-twice", ("l1", "mse"), regression, _weighted=twice_weighted),
    fault("no-denominator", EVERY, *FAMILIES, spread=no_denominator),
    fault("mean-over-one-more", EVERY, *FAMILIES, reduce=mean_over_one_more),
    fault("sum-in-float32", EVERY, *FAMILIES, reduce=sum_in_float32),
    fault("gradients-negated", EVERY, *FAMILIES, spread=negated),
    fault("weights-do-not-move-the-mean", ("l1", "mse"), weights, _of_mean=unmoved),
    fault("slopes-by-a-weight-averaged", WEIGHED, weights, onto=averaged),
    fault("hard-part-not-scaled", ("cross_entropy",), weights, _mixed=unscaled),
    fault("slope-by-weight-of-nothing", ("cross_entropy_probabilities",), weights, spared=as_it_is),
]

PLANTED = [(fault, id) for fault in FAULTS for id in fault.losses]


def calls(id: str) -> Iterator[Call]:
    """The calls that the sound reference is compared on, cheap regimes first."""
    loss = LOSSES[id]
    for regime in REGIMES:
        draw = Draw(regime, np.random.default_rng(3))
        for parameters in parameters_of(loss, draw):
            inputs = inputs_of(loss, draw, parameters)
            for reduction in loss.reductions:
                yield Call(loss, inputs, parameters, reduction, loss.choices())
    yield from special_calls(id)


def special_calls(id: str) -> Iterator[Call]:
    """Nothing left to average; an infinite logit; one weight above all, at a certain class."""
    loss = LOSSES[id]
    everything = np.full((2, 3), -100)
    for parameters in ({}, {"weight": np.zeros(4)}):
        inputs = inputs_of(loss, Draw("typical", np.random.default_rng(4)), parameters)
        if "ignore_index" in loss.parameters:
            yield Call(loss, {**inputs, "target": everything}, parameters, "mean", loss.choices())
    infinite = Draw("typical", np.random.default_rng(5))
    inputs = inputs_of(loss, infinite, {})
    if "logits" in inputs and "infinite-logits" in loss.conventions:
        inputs["logits"][..., 0] = np.inf
        yield Call(loss, inputs, {}, "none", loss.choices())
    if id in CROSS_ENTROPIES:
        certain = {"logits": np.array([[800.0, 0.0, 1.0]]), "target": np.array([0])}
        if id == "cross_entropy_probabilities":
            certain["target"] = np.array([[1.0, 0.0, 0.0]])
        given = {"weight": np.array([1e8, 0.1, 0.7]), "label_smoothing": np.asarray(0.1)}
        yield Call(loss, certain, given, "sum", loss.choices())


@cache
def calls_of(id: str) -> list[Call]:
    return list(calls(id))


@cache
def truth(id: str, place: int) -> Truth:
    """The oracle's answer to a call, asked once for all faults; no slopes by infinite logits."""
    call = calls_of(id)[place]
    infinite = any(np.isposinf(given).any() for given in call.inputs.values())
    return truth_of(call, gradient=not infinite)


@pytest.mark.parametrize(("fault", "id"), PLANTED, ids=[f"{f.name}-{id}" for f, id in PLANTED])
def test_a_planted_fault_is_caught(fault, id):
    program, sound = fault.program(id), PROGRAMS[id]
    assert any(
        disagreements(call, program, sound=sound, truth=truth(id, place))
        for place, call in enumerate(calls_of(id))
    )


@pytest.mark.parametrize("id", LOSSES)
def test_the_sound_program_is_not_accused(id):
    nothing = fault("nothing", (id,)).program(id)
    for place, call in enumerate(calls_of(id)):
        found = disagreements(call, nothing, sound=PROGRAMS[id], truth=truth(id, place))
        assert found == []
