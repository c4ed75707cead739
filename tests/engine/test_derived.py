"""Programs made of a formula agree with those written by hand, and wrong derivatives do not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.derived import ORDERS, gradient_program, value_program
from conformance.engine.practice import registered
from conformance.engine.standard import Arguments, Reference, arguments, true_value
from conformance.engine.truth import Truth
from conformance.numerics import FORMATS, IDEAL64, Bounded, run_bounded
from conformance.specs.library import load_library, load_loss
from conformance.specs.models import Formula, Loss, Reduction, SumOf
from reference import PROGRAMS

LOSSES = load_library().losses
SPEC_ONLY = Path(__file__).parents[1] / "spec_only"
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


HUBER = load_loss(SPEC_ONLY / "regression" / "huber.yaml")


def huber(**changes: Any) -> Loss:
    return HUBER.model_copy(update=changes)


def test_a_loss_of_the_suite_is_judged_by_its_program_and_a_namesake_by_its_formula():
    own = LOSSES["mse"]
    assert registered(own)
    assert registered(own.model_copy(update={"file": "elsewhere.yaml"}))
    assert not registered(own.model_copy(update={"formula": HUBER.formula}))
    assert not registered(HUBER)


def test_where_float64_overflows_the_truth_comes_from_the_oracle():
    loss = huber(formula=Formula(loss="log(1 + exp(prediction - target))"))
    far = Arguments((np.array([1.0, 800.0]), np.zeros(2)), {"reduction": "none"})
    truth = Truth(loss, FORMATS["float64"])
    values = true_value(Reference(truth.value, truth.gradient), far)
    assert values[1] == 800.0
    assert np.isinf(value_program(loss)(*far.positional, **far.keywords)[1])
    bounds = run_bounded(truth.value, IDEAL64, far.positional, far.keywords)
    assert bounds.bound[1] <= 1e-13
    assert not bounds.overflow.any()


def test_where_float64_cancels_the_truth_comes_from_the_oracle():
    loss = huber(formula=Formula(loss="(1 + prediction) - 1 + 0 * target"))
    given = Arguments((np.array([1e-20, 0.5]), np.zeros(2)), {"reduction": "none"})
    truth = Truth(loss, FORMATS["float32"])
    assert true_value(Reference(truth.value, truth.gradient), given).tolist() == [1e-20, 0.5]


def test_at_a_kink_any_subgradient_lies_within_the_truth():
    loss = huber(formula=Formula(loss="max(prediction - target, 0)"))
    given = (np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    truth = Truth(loss, FORMATS["float32"])
    slope = run_bounded(truth.gradient, IDEAL64, (*given, np.ones(2)), {"reduction": "none"})
    middle, reach = slope["prediction"].value, slope["prediction"].bound
    assert middle[0] - reach[0] <= 0.0
    assert middle[0] + reach[0] >= 1.0
    assert middle[1] == 1.0
    assert reach[1] <= 1e-15


def test_slopes_at_infinities_are_left_open():
    given = (np.array([np.inf, 2.0]), np.array([1.0, 1.0]))
    truth = Truth(HUBER, FORMATS["float32"])
    slope = run_bounded(truth.gradient, IDEAL64, (*given, np.ones(2)), {"reduction": "none"})
    assert slope["prediction"].overflow.tolist() == [True, False]


def test_an_input_in_the_divisor_moves_the_mean_that_way_too():
    """The mean of (x - y) ** 2 weighed by y itself, against ball arithmetic."""
    loss = huber(
        formula=Formula(loss="target * (prediction - target) ** 2"),
        reductions={"none": Reduction(), "mean": Reduction(divide_by=SumOf(sum_of="target"))},
    )
    inputs = {"prediction": np.array([1.0, 3.0]), "target": np.array([0.5, 2.0])}
    expected = oracle.derivatives(loss, inputs, {}, "mean")
    for order in ORDERS:
        found = gradient_program(loss, order)(*inputs.values(), np.array(1.0), reduction="mean")
        for name, slope in found.items():
            assert np.allclose(slope, oracle.midpoints(expected[name]), rtol=1e-14)


def test_powers_of_zero_are_what_every_program_gives():
    loss = huber(formula=Formula(loss="abs(prediction) ** delta + 0 * target"))
    inputs = {"prediction": np.array([0.0, 0.0, 4.0]), "target": np.zeros(3)}
    for delta, expected in ((0.0, [1, 1, 1]), (0.5, [0, 0, 2]), (2.0, [0, 0, 16])):
        found = oracle.midpoints(oracle.evaluate(loss, inputs, {"delta": delta}, "none"))
        assert found.tolist() == expected
        plain = value_program(loss)(*inputs.values(), delta=delta, reduction="none")
        assert plain.tolist() == expected
