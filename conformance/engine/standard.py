"""What a case demands: the true value and gradients, and how far an honest program may be off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.cases.sample import batch_of
from conformance.numerics.arithmetic import IDEAL64, Arithmetic, wide
from conformance.numerics.bounded import Bounded
from conformance.numerics.formats import Floats
from conformance.numerics.program import run_bounded
from conformance.specs.models import Loss

Program = Callable[..., Any]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Practice:
    """How one target computes one loss: its conventions, and the programs it may be running.

    More than one program means that the algorithm is not known: the bound is then their envelope.
    `weights` give the gradients by weights.
    """

    choices: Mapping[str, str]
    values: tuple[Program, ...]
    gradients: tuple[Program, ...]
    arithmetic: Arithmetic
    weights: tuple[Program, ...] = ()


@dataclass(frozen=True)
class Reference:
    """The float64 programs of a loss: its value, and its gradients for a cotangent.

    `weights` gives those by weights, where a loss has any and a program of its own.
    """

    value: Program
    gradient: Program
    weights: Program | None = None


@dataclass(frozen=True)
class Limits:
    """Bounds of the elements asked for: what the programs may be off by, what the best one is.

    `truth` makes the reference's own run in float64, whose error no implementation answers for.
    """

    own: Bounded
    ideal: Bounded
    truth: Callable[[], Bounded]

    def at(self, elements: Indices) -> Limits:
        """Those of some elements, of limits that are flat."""
        return Limits(self.own[elements], self.ideal[elements], lambda: self.truth()[elements])


@dataclass(frozen=True)
class Arguments:
    """A case as a program takes it."""

    positional: tuple[Any, ...]
    keywords: Mapping[str, Any]


def arguments(case: Case, loss: Loss, choices: Mapping[str, str]) -> Arguments:
    """Inputs in the spec's order; parameters, reduction and conventions by name."""
    keywords: dict[str, Any] = dict(case.parameters)
    keywords["reduction"] = case.reduction
    keywords.update({name.replace("-", "_"): text for name, text in choices.items()})
    return Arguments(tuple(case.inputs[name] for name in loss.inputs), keywords)


def true_value(reference: Reference, given: Arguments) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(reference.value(*given.positional, **given.keywords), dtype=np.float64)


def true_gradients(
    reference: Reference, given: Arguments, cotangent: Floats
) -> Mapping[str, Floats]:
    with np.errstate(all="ignore"):
        found = reference.gradient(*given.positional, cotangent, **given.keywords)
    return {name: np.asarray(each, dtype=np.float64) for name, each in found.items()}


def value_limits(reference: Reference, practice: Practice, given: Arguments) -> Limits:
    """Limits of the value, flattened."""

    def run(program: Program, under: Arithmetic) -> Bounded:
        found: Bounded = run_bounded(program, under, given.positional, given.keywords)
        return found.reshape(-1)

    return Limits(
        envelope([run(each, practice.arithmetic) for each in practice.values]),
        run(reference.value, ideal(practice)),
        cache(lambda: run(reference.value, IDEAL64)),
    )


Gradients = Mapping[str, Bounded]


@dataclass(frozen=True)
class GradientRuns:
    """Runs of the gradient programs of a case; one gives the gradients of every input."""

    own: tuple[Gradients, ...]
    ideal: Gradients
    truth: Callable[[], Gradients]

    def limits(self, name: str) -> Limits:
        """Limits of the gradient with respect to the input `name`, flattened."""
        return Limits(
            envelope([each[name].reshape(-1) for each in self.own]),
            self.ideal[name].reshape(-1),
            lambda: self.truth()[name].reshape(-1),
        )


def gradient_runs(
    reference: Reference, practice: Practice, given: Arguments, cotangent: Floats
) -> GradientRuns:
    def run(program: Program, under: Arithmetic) -> Gradients:
        found: Gradients = run_bounded(
            program, under, (*given.positional, cotangent), given.keywords
        )
        return found

    return GradientRuns(
        tuple(run(each, practice.arithmetic) for each in practice.gradients),
        run(reference.gradient, ideal(practice)),
        cache(lambda: run(reference.gradient, IDEAL64)),
    )


def ideal(practice: Practice) -> Arithmetic:
    """What the best program computes in: wide, with one rounding to the target's storage."""
    return wide(practice.arithmetic.storage, practice.arithmetic)


def envelope(runs: Sequence[Bounded]) -> Bounded:
    """The largest bound of each element over several programs."""
    if len(runs) == 1:
        return runs[0]
    bound = np.maximum.reduce([each.bound for each in runs])
    overflow = np.logical_or.reduce([each.overflow for each in runs])
    state = runs[0].state._replace(bound=bound, overflow=overflow)
    return Bounded(state, runs[0].arithmetic)


def separable(case: Case, choices: Mapping[str, str]) -> bool:
    """Whether each sample's loss stands alone in the output, so that samples can be taken apart."""
    return case.reduction == "none" and choices.get("last-axis", "kept") == "kept"


def restricted(case: Case, loss: Loss, given: Arguments, samples: Indices) -> Arguments:
    """The arguments of the chosen samples alone, as one batch axis. Only for separable cases."""
    batch = batch_of(case.inputs, loss)
    positional = tuple(
        _taken(array, "classes" in spec.shape.split(), batch, samples)
        for array, spec in zip(given.positional, loss.inputs.values(), strict=True)
    )
    keywords = dict(given.keywords)
    for name, spec in loss.parameters.items():
        value = keywords.get(name)
        if spec.shape == "*batch" and isinstance(value, np.ndarray):
            keywords[name] = np.broadcast_to(value, batch).reshape(-1)[samples]
    return Arguments(positional, keywords)


def _taken(array: Any, has_classes: bool, batch: tuple[int, ...], samples: Indices) -> Any:
    tail = array.shape[-1:] if has_classes else ()
    return np.broadcast_to(array, batch + tail).reshape(-1, *tail)[samples]
