"""The reference lies within its own derived float64 bound of the oracle: values and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.specs.library import load_library
from reference import PROGRAMS
from tests.reference.agreement import Call, disagreements, truth_of
from tests.reference.regimes import (
    BATCH,
    REGIMES,
    Draw,
    choices_of,
    inputs_of,
    parameters_of,
)

LOSSES = load_library().losses


def draw_of(regime: str, seed: int = 1) -> Draw:
    return Draw(regime, np.random.default_rng(seed))


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_every_parameter_and_reduction_agrees(loss, regime):
    draw = draw_of(regime)
    for parameters in parameters_of(loss, draw):
        inputs = inputs_of(loss, draw, parameters)
        for reduction in loss.reductions:
            call = Call(loss, inputs, parameters, reduction, loss.choices())
            assert disagreements(call, PROGRAMS[loss.id]) == [], (parameters, reduction)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_every_choice_agrees(loss, regime):
    draw = draw_of(regime, seed=2)
    everything = list(parameters_of(loss, draw))[-1]
    for choices in choices_of(loss):
        for parameters, reduction in (({}, "none"), (everything, "mean")):
            inputs = inputs_of(loss, draw, parameters)
            call = Call(loss, inputs, parameters, reduction, choices)
            truth = truth_of(call, gradient=slopes_count(call, regime))
            found = disagreements(call, PROGRAMS[loss.id], truth=truth)
            assert found == [], (choices, parameters)


def slopes_count(call: Call, regime: str) -> bool:
    """Other forms than the limit are about values: where these are NaN, slopes mean nothing."""
    return regime != "masked" or call.choices.get("infinite-logits", "limit") == "limit"


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_values_agree_where_an_input_is_no_number(loss, special):
    draw = draw_of("typical")
    for choices in [loss.choices(), *choices_of(loss)]:
        inputs = inputs_of(loss, draw, {})
        for name, given in loss.inputs.items():
            domain = given.domain()
            inside = special < 0 if domain.high == 0.0 else domain.low != 0.0
            if given.kind == "real" and (np.isnan(special) or inside):
                holes = draw.random.random(inputs[name].shape) < 0.2
                broken = {**inputs, name: np.where(holes, special, inputs[name])}
                call = Call(loss, broken, {}, "none", choices)
                truth = truth_of(call, gradient=False)
                assert disagreements(call, PROGRAMS[loss.id], truth=truth) == [], choices


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
@pytest.mark.parametrize("batch", [(), (0,), (1,), (0, 3), (2, 0), (2, 1, 2)])
def test_every_shape_of_batch_agrees(loss, batch):
    draw = draw_of("typical")
    inputs = inputs_of(loss, draw, {}, batch)
    for choices in [loss.choices(), *choices_of(loss)]:
        if choices.get("last-axis", "kept") != "kept" and not batch:
            continue  # there is no last axis
        for reduction in loss.reductions:
            call = Call(loss, inputs, {}, reduction, choices)
            assert disagreements(call, PROGRAMS[loss.id]) == [], (choices, reduction)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_gradients_are_finite_where_the_loss_is_smooth(loss):
    """Far logits, hard targets and probabilities at the ends do not give NaN."""
    for regime in ("hard", "tails", "extremes", "subnormal"):
        inputs = inputs_of(loss, draw_of(regime), {})
        gradients = PROGRAMS[loss.id].gradient(*inputs.values(), np.ones(BATCH), reduction="none")
        assert not any(np.isnan(each).any() for each in gradients.values()), regime


@pytest.mark.parametrize("id", ["nll", "cross_entropy"])
def test_nothing_flows_to_an_ignored_sample(id):
    scores = np.array([[np.nan, np.inf, 0.0], [1.0, 2.0, 3.0]])
    target = np.array([-100, 1])
    for reduction in ("none", "sum", "mean"):
        cotangent = np.ones(2) if reduction == "none" else np.array(1.0)
        [slope] = PROGRAMS[id].gradient(scores, target, cotangent, reduction=reduction).values()
        assert np.array_equal(slope[0], [0.0, 0.0, 0.0])
        assert not np.isnan(slope).any()
    assert np.isnan(PROGRAMS[id].value(scores, np.array([-100, -100])))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_inputs_are_left_as_they_are(loss):
    draw = draw_of("typical")
    parameters = list(parameters_of(loss, draw))[-1]
    inputs = inputs_of(loss, draw, parameters)
    before = {name: array.copy() for name, array in inputs.items()}
    for array in inputs.values():
        array.setflags(write=False)
    PROGRAMS[loss.id].value(*inputs.values(), **parameters)
    PROGRAMS[loss.id].gradient(*inputs.values(), np.array(1.0), **parameters)
    assert all(np.array_equal(inputs[name], before[name]) for name in inputs)
