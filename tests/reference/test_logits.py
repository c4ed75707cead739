from __future__ import annotations

import numpy as np
import pytest

from reference.logits import cost, cost_slope, tamed

INF, NAN = np.inf, np.nan


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(
    ("row", "limit", "nan", "difference"),
    [
        ([INF, 0.0, -INF], [0, INF, INF], [NAN, NAN, NAN], [NAN, INF, INF]),
        ([INF, INF, 0.0], [NAN, NAN, INF], [NAN, NAN, NAN], [NAN, NAN, INF]),
        ([-INF, -INF], [NAN, NAN], [NAN, NAN], [NAN, NAN]),
        ([0.0, -INF], [0, INF], [0, INF], [0, INF]),
        ([INF], [0], [NAN], [NAN]),
        ([-INF], [0], [NAN], [NAN]),
        ([NAN, INF], [NAN, NAN], [NAN, NAN], [NAN, NAN]),
    ],
    ids=str,
)
def test_infinite_logits_cost_what_the_choice_says(row, limit, nan, difference):
    for choice, expected in (("limit", limit), ("nan", nan), ("by-difference", difference)):
        actual = cost(np.array(row), choice)
        assert np.array_equal(actual, np.array(expected, float), equal_nan=True), choice


def test_taming_leaves_finite_and_masked_rows_alone():
    rows = np.array([[1.0, -2.0, 3.0], [0.0, -INF, 5.0]])
    assert np.array_equal(tamed(rows), rows)


def test_one_infinite_logit_takes_the_whole_softmax():
    one_hot = np.array([1.0, 0.0, 0.0])
    slope = cost_slope(np.array([INF, 0.0, 3.0]), one_hot, 1.0 - one_hot, "limit")
    assert np.array_equal(slope, [0.0, 0.0, 0.0])
    assert np.isnan(cost_slope(np.array([INF, 0.0]), np.ones(2), np.ones(2), "nan")).all()


def test_the_slopes_of_a_row_sum_to_zero():
    draw = np.random.default_rng(0)
    own = draw.random((50, 5))
    slope = cost_slope(
        3 * draw.standard_normal((50, 5)), own, own.sum(-1, keepdims=True) - own, "limit"
    )
    assert np.all(np.abs(slope.sum(-1)) <= 1e-14)
