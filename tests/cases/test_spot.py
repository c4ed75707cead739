"""Numbers near those of a case stay numbers of its format in their domains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.copies import copied
from conformance.cases.drawing import strategy
from conformance.cases.generation import build
from conformance.cases.recipe import CaseTextError, Recipe
from conformance.cases.replay import rebuild
from conformance.cases.sample import batch_of, cut
from conformance.cases.spot import Spot, neighbours, spot_of
from conformance.cases.streams import Stream
from conformance.numerics.formats import FORMATS, ordinal, round_to
from tests.cases.losses import LOSSES

RECIPES = st.one_of(
    *(
        strategy(loss, dtype, largest=8)
        for loss in LOSSES.values()
        for dtype in ("float16", "float64")
    )
)


def spot(recipe: Recipe) -> Spot | None:
    """The first sample of an unreduced case, else all of it."""
    loss = LOSSES[recipe.loss]
    case = build(recipe, loss)
    batch = batch_of(case.inputs, loss)
    together = case.reduction == "none" and batch != () and 0 not in batch
    return spot_of(
        cut(case, loss, 0) if together else case, loss, None, column=False, together=together
    )


@given(RECIPES, st.integers(0, 99))
def test_neighbours_are_numbers_of_the_format_and_the_first_is_unmoved(
    recipe: Recipe, seed: int
) -> None:
    found = spot(recipe)
    if found is None or not found.numbers.size:
        return
    rows = neighbours(found.numbers, Stream(str(seed)), found.form, 65)
    assert np.array_equal(rows[0], found.numbers)
    assert np.isfinite(rows).all()
    assert np.array_equal(rows, round_to(rows, found.form))
    turned = np.signbit(rows[1:]) != np.signbit(found.numbers)  # minus zero is a neighbour of zero
    assert ((rows[1:] != found.numbers) | turned).any(axis=1).sum() >= 16


@given(RECIPES)
def test_the_cases_of_a_spot_are_in_their_domains_and_hold_every_row(recipe: Recipe) -> None:
    found = spot(recipe)
    if found is None or not found.numbers.size:
        return
    rows = neighbours(found.numbers, Stream("a"), found.form, 5)
    made = list(found.cases(rows))
    assert len(made) == (1 if found.together else 5)
    for case in made:
        for name, each in found.loss.inputs.items():
            if each.kind == "real":
                domain = each.domain(dict(case.parameters))
                assert all(domain.contains(float(x)) for x in case.inputs[name].reshape(-1))
    if found.together:
        assert batch_of(made[0].inputs, found.loss)[0] == 5


@given(RECIPES)
def test_a_spot_without_moves_is_its_case(recipe: Recipe) -> None:
    found = spot(recipe)
    if found is None:
        return
    (case,) = found.cases(found.numbers[None])
    again = rebuild(case.id, LOSSES)
    assert again.digest() == case.digest()
    for name, array in case.inputs.items():
        assert np.array_equal(array, found.case.inputs[name])


def test_a_few_ulp_are_among_the_steps() -> None:
    form = FORMATS["float32"]
    rows = neighbours(np.array([1.5]), Stream("a"), form, 400)
    steps = np.abs(ordinal(rows, form) - ordinal(1.5, form))
    assert {1, 2, 3, 4} <= set(steps.reshape(-1).tolist())
    assert (rows < 0).any()


def test_copies_of_a_sample_come_back_from_their_id() -> None:
    text = "mse/float32/typical/4x3/none/weight=spread/s3/e5"
    loss = LOSSES["mse"]
    many = copied(rebuild(text, LOSSES), loss, 33)
    assert many.id == f"{text}/x33"
    assert many.inputs["prediction"].shape == (33,)
    assert len(set(many.inputs["prediction"].tolist())) == 1
    again = rebuild(many.id, LOSSES)
    assert again.digest() == many.digest()
    given_text = "mse/float32/given/prediction=0x1.8p+1,target=0x0p+0/none/x33"
    assert rebuild(given_text, LOSSES).inputs["prediction"].tolist() == [3.0] * 33


@pytest.mark.parametrize(
    "text", ["mse/float32/typical/4/none/-/s3", "mse/float32/typical/scalar/none/-/s3"]
)
def test_only_a_sample_in_a_batch_is_copied(text: str) -> None:
    with pytest.raises(CaseTextError, match="only a sample in a batch is copied"):
        rebuild(f"{text}/x33", LOSSES)
