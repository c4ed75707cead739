"""Simpler neighbours of recipes and of cases, to look for the smallest one that fails."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from conformance.cases.case import Array, Case, Value
from conformance.cases.drawing import numbers_below
from conformance.cases.given import LIMIT, explicit, number_text
from conformance.cases.options import SIZES
from conformance.cases.recipe import Recipe
from conformance.cases.roles import is_unbounded
from conformance.cases.sample import class_count
from conformance.cases.streams import Floats, Shape
from conformance.numerics.formats import FORMATS, Format, round_to
from conformance.specs.models import Loss

T = TypeVar("T")

_PLAINEST = "typical"
_PLAIN = (0.0, 1.0, -1.0, 0.5, 2.0)
_BITS = (1, 2, 4, 8, 16)


def simpler(recipe: Recipe, loss: Loss) -> st.SearchStrategy[Recipe]:
    """Recipes no larger than one that fails, itself among them; parameters are dropped first."""
    classes: list[int | None] = [recipe.classes]
    if recipe.classes is not None:
        classes = [*(size for size in (2, 3, 5) if size < recipe.classes), recipe.classes]
    reductions = [name for name in loss.reductions if name in ("none", recipe.reduction)]
    return st.builds(
        lambda kept, regime, reduction, size, batch, seed: replace(
            recipe,
            batch=batch,
            classes=size,
            regime=regime,
            reduction=reduction,
            parameters=tuple(
                pair for pair, keep in zip(recipe.parameters, kept, strict=True) if keep
            ),
            seed=seed,
        ),
        st.tuples(*(_one_of([False, True]) for _ in recipe.parameters)),
        _one_of(list(dict.fromkeys([_PLAINEST, recipe.regime]))),
        _one_of(reductions),
        _one_of(classes),
        _smaller_batches(recipe.batch),  # late, as a single sample is cut out of it afterwards
        _one_of([recipe.seed, *range(8)]),
    )


def _one_of(values: list[T]) -> st.SearchStrategy[T]:
    return numbers_below(len(values)).map(values.__getitem__)


def _smaller_batches(batch: Shape) -> st.SearchStrategy[Shape]:
    """Fewer axes, shorter ones; a batch with axes keeps one."""
    sizes = [[size for size in SIZES if size < length] + [length] for length in batch]
    fewest = min(len(batch), 1)
    shapes = [st.tuples(*map(_one_of, sizes[:axes])) for axes in range(fewest, len(batch) + 1)]
    return numbers_below(len(shapes)).flatmap(shapes.__getitem__)


def as_given(case: Case, cotangent: Floats | None = None) -> Case:
    """The same call with its inputs in its id, where they are few; else the case itself.

    Its cotangents are drawn anew unless one is pinned.
    """
    made = explicit(
        case.loss,
        case.dtype,
        case.inputs,
        case.parameters,
        case.reduction,
        conventions=case.conventions,
        cotangent=cotangent,
    )
    return made if _numbers(made) <= LIMIT else case


def _numbers(case: Case) -> int:
    arrays = [*case.inputs.values(), *case.parameters.values(), case.cotangents.pinned]
    return sum(array.size for array in arrays if isinstance(array, np.ndarray))


def simpler_cases(case: Case, loss: Loss) -> Iterator[Case]:
    """Cases one step simpler than a case made by `explicit`: no parameter more, no number longer.

    Every step makes the case strictly simpler, so that following them comes to an end.
    """
    if case.reduction != "none" and "none" in loss.reductions:
        yield _changed(case, reduction="none")
    for name in case.parameters:
        kept = {other: value for other, value in case.parameters.items() if other != name}
        if _are_legal(case.inputs, loss, kept):
            yield _changed(case, parameters=kept)
    form = FORMATS[case.dtype]
    for name, array in case.inputs.items():
        if array.dtype.kind != "f":
            continue
        domain = loss.inputs[name].domain(dict(case.parameters))
        for place, number in enumerate(array.reshape(-1).tolist()):
            for candidate in _simpler_numbers(number, form):
                if domain.contains(candidate):
                    yield _changed(case, inputs=_with(case.inputs, name, place, candidate))


def _are_legal(inputs: Mapping[str, Array], loss: Loss, parameters: Mapping[str, Value]) -> bool:
    """Whether inputs stay in their domains under other parameters, marked samples among them."""
    classes = class_count(inputs, loss)
    for name, declared in loss.inputs.items():
        domain = declared.domain(dict(parameters))
        special = is_unbounded(loss, name, parameters)
        mark = parameters.get(declared.also or "")
        for number in inputs[name].reshape(-1).tolist():
            legal = number == mark or domain.contains(number, {"classes": classes})
            if not legal and not (special and not math.isfinite(number)):
                return False
    return True


def _changed(
    case: Case,
    *,
    inputs: Mapping[str, Array] | None = None,
    parameters: Mapping[str, Value] | None = None,
    reduction: str | None = None,
) -> Case:
    return explicit(
        case.loss,
        case.dtype,
        case.inputs if inputs is None else inputs,
        case.parameters if parameters is None else parameters,
        reduction or case.reduction,
        conventions=case.conventions,
        cotangent=case.cotangents.pinned,
    )


def _with(inputs: Mapping[str, Array], name: str, place: int, number: float) -> dict[str, Array]:
    array = inputs[name].copy()
    array.reshape(-1)[place] = number
    return {**inputs, name: array}


def _simpler_numbers(number: float, form: Format) -> Iterator[float]:
    """Plain numbers, then the number itself with fewer bits; each simpler than the number."""
    candidates = list(_PLAIN)
    if np.isfinite(number) and number != 0.0:
        mantissa, exponent = np.frexp(number)
        scaled = [np.rint(mantissa * 2.0**bits) * 2.0**-bits for bits in _BITS]
        candidates += [float(round_to(np.ldexp(part, exponent), form)) for part in scaled]
    for candidate in dict.fromkeys(candidates):
        if np.isfinite(candidate) and complexity(candidate) < complexity(number):
            yield candidate


def complexity(number: float) -> tuple[bool, int, float]:
    """What makes a number hard to read: not being finite, its digits, its distance from 1."""
    if not np.isfinite(number):
        return True, 0, 0.0
    return False, len(number_text(number)), abs(number - 1.0)
