"""Directions: exact in every dtype, the same whenever they are drawn, and within a distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.direction import ONE_HOT, RANDOM, at_end, directions
from conformance.cases.generation import build
from conformance.cases.variant import plain_recipe
from conformance.numerics.formats import FORMATS, representable
from conformance.specs.library import load_library

LOSSES = load_library().losses


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda each: each.id)
def test_tangents_have_the_inputs_shapes_and_are_exact(loss) -> None:
    case = build(plain_recipe(loss, "bfloat16", (3,), "none"), loss)
    for structure in (RANDOM, ONE_HOT):
        found = directions(case, loss, structure)
        assert {name: each.shape for name, each in found.items()} == {
            name: case.inputs[name].shape
            for name, given in loss.inputs.items()
            if given.kind == "real"
        }
        assert all(representable(each, FORMATS["bfloat16"]).all() for each in found.values())
        again = directions(case, loss, structure)
        assert all(np.array_equal(found[name], again[name]) for name in found)


def test_one_hot_moves_a_single_entry() -> None:
    loss = LOSSES["mse"]
    case = build(plain_recipe(loss, "float32", (7,), "none"), loss)
    found = directions(case, loss, ONE_HOT)
    assert sorted(found["prediction"]) == [0.0] * 6 + [1.0]
    assert not found["target"].any()


def test_what_stands_at_an_end_of_its_domain_does_not_move() -> None:
    loss = LOSSES["binary_cross_entropy_with_logits"]
    case = build(plain_recipe(loss, "float32", (3,), "none"), loss)
    hard = replace(case, inputs={**case.inputs, "target": np.array([0.0, 0.5, 1.0])})
    found = directions(hard, loss, RANDOM)
    assert found["target"][[0, 2]].tolist() == [0.0, 0.0]
    assert found["logits"].any()
    assert at_end(hard, loss, "target").tolist() == [True, False, True]


def test_a_distribution_keeps_its_sum() -> None:
    loss = LOSSES["cross_entropy_probabilities"]
    case = build(plain_recipe(loss, "float32", (4,), "none"), loss)
    found = directions(case, loss, RANDOM)
    assert not found["target"].sum(axis=-1).any()
    assert found["target"].any()
    assert found["logits"].sum(axis=-1).any()
