"""Statistics in constant memory: quantiles, the mean signed error, and the dots of a plot."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.distribution import MOST_POINTS, Bias, Cloud, Distribution

ERRORS = st.lists(st.one_of(st.just(0.0), st.floats(1e-300, 1e6)), min_size=1, max_size=200).map(
    np.array
)


@given(ERRORS)
def test_a_quantile_is_an_upper_edge_within_a_quarter_of_a_binade(errors):
    found = Distribution()
    found.add(errors)
    for share, at in found.quantiles():
        true = float(np.quantile(errors, share, method="inverted_cdf"))
        assert at >= min(true, errors.max()) * (1 - 1e-12)
        assert at <= max(true * 1.25, 1e-300) * (1 + 1e-12)


def test_a_bias_needs_a_thousand_values():
    few, many = Bias(), Bias()
    few.add(np.ones(999), np.zeros(999), np.full(999, 0.75))
    many.add(np.ones(1000), np.zeros(1000), np.full(1000, 0.75))
    assert few.ulp is None
    assert many.ulp == 0.75


@given(st.integers(0, 3 * MOST_POINTS), st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_plot_keeps_the_highest_dot_and_every_excess_that_it_can(count, batches, random):
    made = np.random.default_rng(random.randrange(1 << 30))
    cloud, heights = Cloud(), []
    for _ in range(batches):
        x, error = made.standard_normal(count), made.uniform(0.0, 1.0, count)
        cloud.add(x, error, np.full(count, 2.0))
        heights.append(error)
    cloud.add(np.array([0.5]), np.array([3.0]), np.array([2.0]))
    dots = cloud.thinned()
    assert len(dots) <= MOST_POINTS
    assert [dot.x for dot in dots] == sorted(dot.x for dot in dots)
    assert (0.5, 3.0, 2.0) in dots
    every = np.concatenate([*heights, [3.0]])
    if every.size <= MOST_POINTS:
        assert len(dots) == every.size


def test_what_cannot_be_drawn_is_left_out():
    cloud = Cloud()
    cloud.add(
        np.array([np.nan, 1.0, 2.0, 3.0]),
        np.array([1.0, np.inf, 1.0, 0.123456]),
        np.array([1.0, 1.0, np.nan, 1.0]),
    )
    assert cloud.thinned() == ((3.0, 0.1235, 1.0),)
