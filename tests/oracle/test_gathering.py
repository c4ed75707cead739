"""Gradients by weights, proved: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.oracle import midpoints, weight_derivatives
from conformance.specs.library import load_library

LOSSES = load_library().losses
SQUARES = {"prediction": np.array([[1.0, 2.0], [3.0, 5.0]]), "target": np.zeros((2, 2))}


def by_weight(loss, inputs, reduction, weight, **parameters):
    along = np.ones(()) if reduction != "none" else None
    given = {"weight": np.asarray(weight), **parameters}
    found = weight_derivatives(LOSSES[loss], inputs, given, reduction, None, along)
    return midpoints(found["weight"])


def test_a_sum_moves_with_a_weight_by_the_loss_of_its_entry():
    weight = np.ones((2, 2))
    assert by_weight("mse", SQUARES, "sum", weight).tolist() == [[1.0, 4.0], [9.0, 25.0]]


@pytest.mark.parametrize(
    ("weight", "expected"),
    [([1.0, 1.0], [10.0, 29.0]), (1.0, 39.0)],
    ids=["a row", "one number"],
)
def test_entries_that_share_a_weight_are_added_up(weight, expected):
    assert by_weight("mse", SQUARES, "sum", weight).tolist() == expected


def test_a_weight_moves_what_the_mean_divides_by_too():
    """(w a + b) / (w + 1) at w = 1 has the slope (a - b) / 4."""
    inputs = {"prediction": np.array([3.0, 1.0]), "target": np.zeros(2)}
    assert by_weight("mse", inputs, "mean", [1.0, 1.0]).tolist() == [2.0, -2.0]


def test_ignored_samples_and_other_classes_move_nothing():
    scores = np.log([[0.25, 0.75], [0.5, 0.5]])
    inputs = {"log_probabilities": scores, "target": np.array([0, -100])}
    found = by_weight("nll", inputs, "sum", [1.0, 1.0])
    assert found == pytest.approx([-np.log(0.25), 0.0])


def test_a_loss_without_weights_has_no_slope_by_them():
    inputs = {"prediction": np.ones(2), "target": np.zeros(2)}
    assert weight_derivatives(LOSSES["mse"], inputs, {}, "sum") == {}
