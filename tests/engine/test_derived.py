"""Programs made of a formula agree with those written by hand, and wrong derivatives do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.derived import ORDERS, gradient_program, value_program
from conformance.engine.standard import Arguments, arguments
from conformance.engine.truth import Truth
from conformance.numerics import FORMATS, IDEAL64, Bounded, run_bounded
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from reference import PROGRAMS

LOSSES = load_library().losses
NOT_FINITE = ("infinite", "nan")
SLACK = 32 * 2.0**-1074
"""Bounds count no rounding below the smallest subnormal."""


def cases_of(loss: Loss, dtype: str, count: int = 40, seed: int = 5) -> list[Case]:
    """Drawn cases of every regime; long class axes are left to the benchmark."""
    recipes = draw(loss, dtype, count, seed, largest=60)
    return [build(recipe, loss) for recipe in recipes if (recipe.classes or 1) <= 33]


def choices_of(loss: Loss) -> list[dict[str, str]]:
    """The norm's choices, and each other one without an argument by itself."""
    found = [loss.choices()]
    for name, convention in loss.conventions.items():
        for text in convention.choices:
            if "(" not in text and text != convention.default:
                found.append(loss.choices({name: text}))
    return found


def compared(program: Any, written: Any, given: Arguments, extra: tuple[Any, ...] = ()) -> Any:
    """Values of two programs, their bounds added up, and where one may have overflowed."""
    positional = (*given.positional, *extra)
    found = run_bounded(program, IDEAL64, positional, given.keywords)
    expected = run_bounded(written, IDEAL64, positional, given.keywords)
    if not extra:
        return {"": (found, expected)}
    assert found.keys() == expected.keys()
    return {name: (found[name], expected[name]) for name in expected}


def disagreements(
    pairs: Mapping[str, tuple[Bounded, Bounded]], *, signed_poles: bool = True
) -> list[str]:
    """What lies further apart than both bounds; a quotient by -0 has a sign that means nothing."""
    wrong = []
    for name, (found, expected) in pairs.items():
        assert found.shape == expected.shape
        a, b = found.value, expected.value
        with np.errstate(all="ignore"):
            near = np.abs(a - b) <= found.bound + expected.bound + SLACK
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if not signed_poles:
            same = same | (np.isinf(a) & np.isinf(b))
        lost = expected.overflow & ~np.isfinite(b) | found.overflow & ~np.isfinite(a)
        if not np.all(near | same | lost):
            place = tuple(np.argwhere(~(near | same | lost))[0])
            wrong.append(f"{name}{place}: {a[place]!r}, and {b[place]!r} by hand")
    return wrong


def single_class_of_nan(case: Case) -> bool:
    """Where formula and reference of cross-entropy differ: softmax over one class that is NaN."""
    return case.id.split("/")[2] == "nan" and any(
        x.shape[-1:] == (1,) for x in case.inputs.values()
    )


def held(loss: Loss, case: Case, choices: Mapping[str, str]) -> bool:
    """Whether the case means something under the choices."""
    batch = next(iter(case.inputs.values())).shape
    folds = choices.get("last-axis", "kept") != "kept"
    return not (folds and not batch) and not single_class_of_nan(case)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_the_truth_of_a_formula_is_that_of_the_program_written_by_hand(loss, dtype):
    truth = Truth(loss, FORMATS[dtype])
    for case in cases_of(loss, dtype):
        given = arguments(case, loss, loss.choices())
        if not held(loss, case, loss.choices()):
            continue
        pairs = compared(truth.value, PROGRAMS[loss.id].value, given)
        assert disagreements(pairs) == [], case.id
        if case.id.split("/")[2] not in NOT_FINITE:
            cotangent = case.cotangent_for(pairs[""][0].shape)
            pairs = compared(truth.gradient, PROGRAMS[loss.id].gradient, given, (cotangent,))
            assert disagreements(pairs) == [], case.id


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_under_every_choice_the_truth_is_that_of_the_program_written_by_hand(loss):
    truth = Truth(loss, FORMATS["float64"])
    finite = [c for c in cases_of(loss, "float64", 16) if c.id.split("/")[2] not in NOT_FINITE]
    for choices in choices_of(loss):
        for case in finite:
            if not held(loss, case, choices):
                continue
            given = arguments(case, loss, choices)
            pairs = compared(truth.value, PROGRAMS[loss.id].value, given)
            assert disagreements(pairs) == [], (case.id, choices)
            cotangent = case.cotangent_for(pairs[""][0].shape)
            pairs = compared(truth.gradient, PROGRAMS[loss.id].gradient, given, (cotangent,))
            assert disagreements(pairs) == [], (case.id, choices)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_a_formula_run_as_written_lies_within_its_own_bound(loss, order):
    for case in cases_of(loss, "float64", 20, seed=8):
        if case.id.split("/")[2] in NOT_FINITE:
            continue
        given = arguments(case, loss, loss.choices())
        pairs = compared(value_program(loss), PROGRAMS[loss.id].value, given)
        assert disagreements(pairs, signed_poles=False) == [], case.id
        cotangent = np.abs(case.cotangent_for(pairs[""][0].shape)) + 0.5  # zero times a pole is NaN
        program = gradient_program(loss, order)
        pairs = compared(program, PROGRAMS[loss.id].gradient, given, (cotangent,))
        assert disagreements(pairs, signed_poles=False) == [], case.id


def test_values_on_plain_arrays_and_with_bounds_are_the_same():
    loss = LOSSES["cross_entropy"]
    for case in cases_of(loss, "float64", 10):
        given = arguments(case, loss, loss.choices())
        bare = value_program(loss)
        with np.errstate(all="ignore"):
            values = bare(*given.positional, **given.keywords)
        bounds = run_bounded(bare, IDEAL64, given.positional, given.keywords)
        assert np.array_equal(values, bounds.value, equal_nan=True)
