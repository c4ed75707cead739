"""The reference lies within its own derived float64 bound of the oracle: values and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.engine.certification.agreement import disagreements, truth_of
from conformance.engine.certification.calls import FIXED, SEEDED
from conformance.engine.certification.regimes import BATCH, Draw, inputs_of, parameters_of
from conformance.specs.library import load_library
from reference import PROGRAMS

LOSSES = load_library().losses


def draw_of(regime: str, seed: int = 1) -> Draw:
    return Draw(regime, np.random.default_rng(seed))


@pytest.mark.parametrize("make", [*FIXED, *SEEDED], ids=lambda make: make.__name__)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_every_trial_of_a_certification_agrees(loss, make):
    count = 0
    for trial in make(loss, 1):
        truth = truth_of(trial.call, gradient=trial.gradient)
        found = disagreements(trial.call, PROGRAMS[loss.id], truth=truth)
        assert found == [], (trial.regime, trial.call.parameters, trial.call.choices)
        count += 1
    assert count > 10


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
