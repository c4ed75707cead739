"""The calls that a reference is certified on: swept, drawn, and those that the spec writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.edges import WrittenCase, edge_cases, examples
from conformance.cases.generation import build
from conformance.cases.roles import regimes_of
from conformance.engine.certification.agreement import Call, bell
from conformance.engine.certification.regimes import (
    REGIMES,
    Draw,
    choices_of,
    inputs_of,
    parameters_of,
)
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Loss

BATCHES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 3), (2, 0), (2, 1, 2))
SPECIALS = (np.nan, np.inf, -np.inf)
INFINITE = "infinite-logits"
LARGEST = 48
"""Most elements of an input that is drawn: ball arithmetic takes about 10 microseconds each."""


@dataclass(frozen=True)
class Trial:
    """A call, the regime that it counts for, and whether its gradient is compared too."""

    regime: str
    call: Call
    gradient: bool = True


Maker = Callable[[Loss, int], Iterator[Trial]]
"""From a loss and a seed to trials."""


def swept(loss: Loss, seed: int) -> Iterator[Trial]:
    """Every regime with every parameter alone and all together, in every reduction."""
    for regime in REGIMES:
        source = Draw(regime, np.random.default_rng(seed))
        for parameters in parameters_of(loss, source):
            inputs = inputs_of(loss, source, parameters)
            for reduction in loss.reductions:
                call = Call(loss, inputs, parameters, reduction, loss.choices(), bell(seed))
                yield Trial(regime, call)


def chosen(loss: Loss, seed: int) -> Iterator[Trial]:
    """Every regime under every choice that is not the norm's.

    Other forms than the limit are about values: where these are NaN, slopes mean nothing.
    """
    for regime in REGIMES:
        source = Draw(regime, np.random.default_rng(seed))
        everything = list(parameters_of(loss, source))[-1]
        for choices in choices_of(loss):
            slopes = regime != "masked" or choices.get(INFINITE, "limit") == "limit"
            settings: tuple[tuple[dict[str, Any], str], ...] = (({}, "none"), (everything, "mean"))
            for parameters, reduction in settings:
                inputs = inputs_of(loss, source, parameters)
                call = Call(loss, inputs, parameters, reduction, choices, bell(seed))
                yield Trial(regime, call, slopes)


def not_finite(loss: Loss, seed: int) -> Iterator[Trial]:
    """NaN and infinities in a fifth of one input: the value alone, under every choice."""
    source = Draw("typical", np.random.default_rng(seed))
    for special in SPECIALS:
        for choices in (loss.choices(), *choices_of(loss)):
            inputs = inputs_of(loss, source, {})
            for name, given in loss.inputs.items():
                domain = given.domain()
                inside = special < 0 if domain.high == 0.0 else domain.low != 0.0
                if given.kind == "real" and (np.isnan(special) or inside):
                    holes = source.random.random(inputs[name].shape) < 0.2
                    broken = {**inputs, name: np.where(holes, special, inputs[name])}
                    call = Call(loss, broken, {}, "none", choices)
                    yield Trial("nan" if np.isnan(special) else "infinite", call, gradient=False)


def shaped(loss: Loss, seed: int) -> Iterator[Trial]:
    """Batches without axes, of nothing and of one, in every reduction under every choice."""
    source = Draw("typical", np.random.default_rng(seed))
    for batch in BATCHES:
        inputs = inputs_of(loss, source, {}, batch)
        for choices in (loss.choices(), *choices_of(loss)):
            if choices.get("last-axis", "kept") != "kept" and not batch:
                continue  # there is no last axis
            for reduction in loss.reductions:
                yield Trial("shapes", Call(loss, inputs, {}, reduction, choices, bell(seed)))


def drawn(loss: Loss, seed: int) -> Iterator[Trial]:
    """Cases as a run draws them, one a regime, each under one set of choices."""
    everything = [loss.choices(), *choices_of(loss)]
    count = len(regimes_of(loss))
    for place, recipe in enumerate(draw(loss, "float64", count, seed, largest=LARGEST)):
        choices = everything[(seed * count + place) % len(everything)]
        if choices.get("last-axis", "kept") != "kept" and not recipe.batch:
            choices = everything[0]
        yield _of_case(recipe.regime, loss, build(recipe, loss), choices)


def written(loss: Loss, seed: int = 0) -> Iterator[Trial]:
    """Every example and edge case of the spec, as each dtype sees it, under each choice it names."""
    for dtype in FORMATS:
        for each in (*examples(loss, dtype), *edge_cases(loss, dtype)):
            for choices in _named(loss, each):
                yield _of_case(f"{each.kind}s", loss, each.case, choices)


def _named(loss: Loss, each: WrittenCase) -> Iterator[dict[str, str]]:
    base = dict(each.case.conventions)
    yield loss.choices(base)
    for name, texts in each.when.items():
        for text in texts:
            yield loss.choices({**base, name: text})


def _of_case(regime: str, loss: Loss, case: Case, choices: Mapping[str, str]) -> Trial:
    """The call of a case; a number is an array without axes, so that arithmetic on it is counted.

    Slopes by infinities or NaN are limits of their own, which the formula does not state.
    """

    def along(shape: tuple[int, ...]) -> Any:
        return case.cotangent_for(shape)

    parameters = {
        name: np.asarray(value) if loss.parameters[name].kind == "real" and value is not None
        else value
        for name, value in case.parameters.items()
    }  # fmt: skip
    call = Call(loss, case.inputs, parameters, case.reduction, choices, along)
    finite = all(np.isfinite(array).all() for array in case.inputs.values())
    return Trial(regime, call, gradient=finite)


FIXED: tuple[Maker, ...] = (written,)
SEEDED: tuple[Maker, ...] = (swept, chosen, not_finite, shaped, drawn)
_FAR = 1_000_003  # seeds of one certification lie together, those of the next lie elsewhere


@dataclass(frozen=True)
class Part:
    """Some of the trials of a loss, made when asked for."""

    loss: Loss
    make: Maker
    seed: int

    def trials(self) -> Iterator[Trial]:
        return self.make(self.loss, self.seed)


def parts(loss: Loss, count: int, seed: int) -> Iterator[Part]:
    """All of a loss: what the spec writes once, everything else in `count` rounds."""
    for make in FIXED:
        yield Part(loss, make, seed)
    for each in range(count):
        for make in SEEDED:
            yield Part(loss, make, seed * _FAR + each)
