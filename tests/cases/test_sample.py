from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cases.sample import batch_of, cut
from tests.cases.losses import LOSSES, drawn

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@MANY
def test_a_sample_holds_the_numbers_that_stood_there(loss):
    for recipe in drawn(loss.id, "float32")[:30]:
        case = build(recipe, loss)
        for element in {0, math.prod(recipe.batch) - 1}:
            one = cut(case, loss, element)
            place = np.unravel_index(element, recipe.batch) if recipe.batch else ()
            for name, array in case.inputs.items():
                assert np.array_equal(
                    one.inputs[name].reshape(array[place].shape), array[place], equal_nan=True
                )
            for name, value in case.parameters.items():
                kept = one.parameters[name]
                if loss.parameters[name].shape == "*batch":
                    assert np.ravel(kept) == np.broadcast_to(value, recipe.batch)[place]
                else:
                    assert np.array_equal(kept, value)
            assert one.reduction == case.reduction
            assert batch_of(one.inputs, loss) == ((1,) if recipe.batch else ())


@MANY
def test_a_recipe_with_an_element_builds_that_sample(loss):
    recipe = drawn(loss.id, "float32")[5]
    one = cut(build(recipe, loss), loss, 0)
    again = build(Recipe.parse(one.id), loss)
    assert (again.id, again.digest()) == (one.id, one.digest())
    assert np.array_equal(again.cotangent_for((1,)), one.cotangent_for((1,)))


def test_a_sample_that_is_not_there_is_refused():
    loss = LOSSES["mse"]
    case = build(Recipe.parse("mse/float32/typical/3/none/-/s1"), loss)
    with pytest.raises(IndexError, match="has no sample 3; its batch has 3"):
        cut(case, loss, 3)
