from __future__ import annotations

import numpy as np
import pytest

from conformance.cases.generation import build
from conformance.cases.identities import equation
from conformance.cases.recipe import Recipe
from reference import PROGRAMS
from tests.cases.losses import LOSSES, drawn


def equation_of(text, identity):
    recipe = Recipe.parse(text)
    loss = LOSSES[recipe.loss]
    (found,) = [each for each in loss.identities if each.id == identity]
    return equation(build(recipe, loss), loss, found, LOSSES)


def values(case):
    return {name: array.tolist() for name, array in case.inputs.items()}


def test_cross_entropy_is_the_likelihood_of_log_softmax():
    text = "cross_entropy/float32/typical/7x3c/mean/weight=typical,ignore_index=0/s1"
    made = equation_of(text, "negative-log-likelihood-of-log-softmax")
    assert made.right.loss == "nll"
    assert made.right.reduction == "mean"
    assert made.right.parameters == made.left.parameters
    assert values(made.right)["target"] == values(made.left)["target"]
    sums = np.exp(made.right.inputs["log_probabilities"]).sum(axis=-1)
    assert np.allclose(sums, 1.0, rtol=1e-6)
    assert made.input_error.keys() == {"log_probabilities"}
    assert (made.input_error["log_probabilities"] < 1e-6).all()


def test_a_parameter_that_the_other_loss_lacks_must_be_at_its_default():
    identity = "negative-log-likelihood-of-log-softmax"
    text = "cross_entropy/float32/typical/7x3c/mean/label_smoothing={}/s1"
    assert equation_of(text.format("0.1"), identity) is None
    assert equation_of(text.format("0.0"), identity).right.parameters == {}


def test_conditions_of_an_identity_are_heard():
    text = "cross_entropy/float32/typical/7x3c/{}/-/s1"
    assert equation_of(text.format("mean"), "one-hot-probabilities") is None
    assert equation_of(text.format("sum"), "one-hot-probabilities").input_error == {}
    text = "kl_divergence/float32/typical/7x3/sum/{}/s1"
    assert equation_of(text.format("-"), "target-in-either-space") is None
    made = equation_of(text.format("log_target=true"), "target-in-either-space")
    assert made.right.parameters == {}
    assert np.allclose(made.right.inputs["target"], np.exp(made.left.inputs["target"]), rtol=1e-6)


@pytest.mark.parametrize("mark", ["-100", "0", "255"])
def test_an_ignored_sample_has_no_one_hot_row(mark):
    text = f"cross_entropy/float32/typical/7x3c/sum/ignore_index={mark}/s1"
    assert equation_of(text, "one-hot-probabilities") is None


def test_the_sum_stands_left_of_the_mean():
    made = equation_of("mse/float32/typical/7/mean/-/s1", "sum-is-n-means")
    assert (made.left.reduction, made.right.reduction) == ("sum", "mean")
    assert values(made.left) == values(made.right)
    assert equation_of("mse/float32/typical/7/sum/-/s1", "sum-is-n-means") is None


def test_a_reduced_loss_stands_left_of_the_losses():
    made = equation_of("mse/float32/typical/7/sum/-/s1", "none-reduced-by-hand")
    assert (made.left.reduction, made.right.reduction) == ("sum", "none")
    assert values(made.left) == values(made.right)
    assert equation_of("mse/float32/typical/7/none/-/s1", "none-reduced-by-hand") is None


def test_a_positive_weight_of_three_is_three_of_each():
    text = "binary_cross_entropy_with_logits/float32/typical/8x2/sum/-/s1"
    made = equation_of(text, "positive-weight-is-repetition")
    left, right = values(made.left), values(made.right)
    assert set(left["target"]) == {0.0, 1.0}
    assert made.left.parameters["pos_weight"].tolist() == [3.0]
    assert made.right.parameters == {}
    positive = [x for x, y in zip(left["logits"], left["target"], strict=True) if y]
    assert sorted(right["logits"]) == sorted(left["logits"] + 2 * positive)
    assert len(right["target"]) == 16 + 2 * len(positive)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_both_sides_agree_by_the_reference_as_far_as_the_transform_is_exact(loss):
    compared = 0
    for recipe in drawn(loss.id, "float64"):
        if recipe.regime not in ("typical", "ties", "cancelling", "hard", "zeros"):
            continue
        case = build(recipe, loss)
        for identity in loss.identities:
            made = equation(case, loss, identity, LOSSES)
            if made is None or made.left.reduction != made.right.reduction:
                continue
            sides = [
                PROGRAMS[side.loss].value(
                    *side.inputs.values(), reduction=side.reduction, **side.parameters
                )
                for side in (made.left, made.right)
            ]
            assert np.allclose(*sides, rtol=1e-6, atol=1e-12, equal_nan=True), made.right.id
            compared += 1
    between = [each for each in loss.identities if each.equals or "repetition" in each.id]
    assert bool(compared) == bool(between)


def test_sides_have_ids_of_their_own():
    text = "mse/float32/typical/7/mean/-/s1"
    made = equation_of(text, "sum-is-n-means")
    assert (made.left.id, made.right.id) == (f"{text}/=sum-is-n-means+left", text)
