from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings

from conformance.cases.generation import build
from conformance.cases.given import explicit
from conformance.cases.recipe import Recipe
from conformance.cases.sample import cut
from conformance.cases.shrinking import as_given, complexity, simpler, simpler_cases
from conformance.numerics.formats import FORMATS, representable
from tests.cases.losses import LOSSES, drawn

START = Recipe.parse("cross_entropy/float32/wide/17x3x10c/mean/weight=wide,label_smoothing=0.1/s77")
QUICK = settings(max_examples=200, database=None, deadline=None, derandomize=True)


@given(simpler(START, LOSSES["cross_entropy"]))
def test_simpler_recipes_are_no_larger(recipe):
    assert recipe.regime in ("typical", START.regime)
    assert math.prod(recipe.batch) <= math.prod(START.batch)
    assert 1 <= len(recipe.batch) <= len(START.batch)
    assert recipe.classes <= START.classes
    assert set(recipe.parameters) <= set(START.parameters)
    assert recipe.reduction in ("none", "mean")


def test_hypothesis_reduces_a_recipe_to_what_the_failure_needs():
    found = find(
        simpler(START, LOSSES["cross_entropy"]),
        lambda recipe: ("weight", "wide") in recipe.parameters and math.prod(recipe.batch) > 2,
        settings=QUICK,
    )
    assert found.parameters == (("weight", "wide"),)
    assert (found.batch, found.classes, found.reduction) == ((3,), 2, "none")


def test_the_recipe_itself_is_among_the_simpler_ones():
    everything = settings(QUICK, max_examples=20_000, suppress_health_check=list(HealthCheck))
    small = Recipe.parse("mse/float32/wide/2/mean/weight=wide/s77")
    found = find(simpler(small, LOSSES["mse"]), lambda recipe: recipe == small, settings=everything)
    assert found == small


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_following_simpler_cases_comes_to_an_end(loss):
    for recipe in drawn(loss.id, "float32")[:25]:
        whole = cut(build(recipe, loss), loss, 0)
        case, steps = as_given(whole), 0
        if case is whole:
            continue  # too many numbers for a reader, and for this test
        while (after := next(simpler_cases(case, loss), None)) is not None:
            case, steps = after, steps + 1
            assert steps < 400
            for name, array in case.inputs.items():
                if array.dtype.kind == "f":
                    assert representable(array, FORMATS["float32"]).all()
                    domain = loss.inputs[name].domain(dict(case.parameters))
                    assert all(domain.contains(x) or not np.isfinite(x) for x in array.ravel())
        assert not case.parameters.keys() - {"ignore_index", "log_target"}


def test_a_failing_number_is_reduced_to_the_shortest_that_fails():
    case = explicit(
        "mse",
        "float32",
        {"prediction": np.array([123.456]), "target": np.array([-0.3125])},
        {"weight": np.array([2.0])},
        "mean",
    )

    def fails(candidate):
        return candidate.inputs["prediction"][0] > 100

    while (after := next(filter(fails, simpler_cases(case, LOSSES["mse"])), None)) is not None:
        case = after
    assert case.id == "mse/float32/given/prediction=0x1p+7,target=0x1p+0/none"


def test_a_mark_in_use_is_not_dropped():
    case = explicit(
        "nll",
        "float32",
        {"log_probabilities": np.array([[1.0, 1.0]]), "target": np.array([7])},
        {"ignore_index": 7},
        "none",
    )
    assert list(simpler_cases(case, LOSSES["nll"])) == []


def test_a_long_case_stays_as_it_is():
    case = build(Recipe.parse("mse/float32/typical/65/none/-/s1"), LOSSES["mse"])
    assert as_given(case) is case
    pinned = as_given(cut(case, LOSSES["mse"], 3), cotangent=np.array([2.0]))
    assert pinned.cotangent_for((1,)).tolist() == [2.0]
    assert "along:cotangent=0x1p+1" in pinned.id


def test_complexity_orders_numbers_as_a_reader_would():
    numbers = [1.0, 0.0, 2.0, -1.0, 1.5, 0.1, float("inf")]
    assert min(reversed(numbers), key=complexity) == 1.0
    assert complexity(1.5) < complexity(0.1) < complexity(float("inf"))
