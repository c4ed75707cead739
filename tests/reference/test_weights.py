"""Gradients by weights where a sample costs NaN, or is left out."""

from __future__ import annotations

import numpy as np

from reference import PROGRAMS


def test_a_masked_row_makes_the_gradient_by_every_class_weight_nan() -> None:
    """All logits at minus infinity cost NaN, also the class of which the target asks nothing."""
    program = PROGRAMS["cross_entropy_probabilities"].weights
    assert program is not None
    logits = np.array([[-np.inf, -np.inf], [0.5, 1.0]])
    target = np.array([[1.0, 0.0], [0.25, 0.75]])
    found = program(logits, target, np.array(1.0), weight=np.ones(2), reduction="sum")
    assert np.isnan(found["weight"]).all()


def test_an_impossible_class_of_which_nothing_is_asked_adds_nothing() -> None:
    program = PROGRAMS["cross_entropy_probabilities"].weights
    assert program is not None
    logits, target = np.array([[np.inf, 1.0]]), np.array([[1.0, 0.0]])
    found = program(logits, target, np.array(1.0), weight=np.ones(2), reduction="sum")
    assert (found["weight"] == 0.0).all()


def test_an_ignored_sample_adds_nothing_even_where_there_is_no_other_class_to_smooth_over() -> None:
    program = PROGRAMS["cross_entropy"].weights
    assert program is not None
    found = program(
        np.array([[1.0], [2.0]]), np.array([0, 0]), np.array([1.0, 1.0]), weight=np.ones(1),
        ignore_index=0, label_smoothing=np.array(0.5), smoothing_mass="other-classes",
        smoothing_weights="each-class", infinite_logits="limit", reduction="none",
    )  # fmt: skip
    assert (found["weight"] == 0.0).all()
