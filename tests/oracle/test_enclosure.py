from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.oracle.enclosure import Enclosure, array_of, distances, midpoints

EXAMPLES = settings(max_examples=50, deadline=None)

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def exactly(value: Fraction) -> arb:
    return arb(value.numerator) / value.denominator


@EXAMPLES
@given(FLOATS, FLOATS)
@example(5e-324, 5e-324)
@example(1.7976931348623157e308, 1.7976931348623157e308)
def test_the_midpoint_is_rounded_to_nearest(a, b):
    """Halfway points between floats and everything between them, subnormals included."""
    exact = (Fraction(a) + Fraction(b)) / 2 + Fraction(a) / 3
    with ctx.workprec(4_096):
        actual = Enclosure(exactly(exact)).midpoint
    try:
        assert actual == float(exact)
    except OverflowError:
        assert actual == (math.inf if exact > 0 else -math.inf)


def test_a_finite_truth_past_the_range_is_an_infinity():
    with ctx.workprec(128):
        assert Enclosure(arb(2) ** 5_000).midpoint == math.inf
        assert Enclosure(-(arb(2) ** 5_000)).midpoint == -math.inf
        assert Enclosure(arb(-1e30).exp()).midpoint == 0.0


def test_the_radius_is_an_upper_bound():
    with ctx.workprec(128):
        third = Enclosure(arb(1) / 3)
    assert 0.0 < third.radius < 1e-37
    assert Enclosure(arb(2)).radius == 0.0
    assert Enclosure(math.inf).radius == 0.0


@EXAMPLES
@given(FLOATS, FLOATS)
def test_the_distance_bounds_the_difference_from_above(value, truth):
    exact = abs(Fraction(value) - Fraction(truth))
    distance = Enclosure(arb(truth)).distance(value)
    assert distance == math.inf or Fraction(distance) >= exact
    assert Fraction(min(distance, 1e308)) <= exact * Fraction(1 + 2**-50) + Fraction(5e-324)


@pytest.mark.parametrize(
    ("truth", "value", "distance"),
    [
        (math.nan, math.nan, 0.0),
        (math.nan, 1.0, math.inf),
        (math.inf, math.inf, 0.0),
        (math.inf, -math.inf, math.inf),
        (math.inf, 1e308, math.inf),
        (arb(1), math.nan, math.inf),
        (arb(1), math.inf, math.inf),
        (arb(2) ** 2_000, math.inf, 0.0),
        (arb(2) ** 2_000, -math.inf, math.inf),
    ],
)
def test_specials_are_at_distance_zero_from_themselves_alone(truth, value, distance):
    assert Enclosure(truth).distance(value) == distance


def test_at_a_kink_the_nearest_subgradient_counts():
    kink = Enclosure(arb(0, 1), kink=True)
    assert kink.distance(0.5) == kink.distance(-1.0) == kink.distance(1.0) == 0.0
    assert 0.4 < kink.distance(1.5) <= 0.5000001
    assert Enclosure(arb(0, 1)).distance(1.0) >= 2.0


def test_an_enclosure_is_settled_when_its_radius_is_small_or_means_nothing():
    with ctx.workprec(128):
        assert Enclosure(arb(1) / 3).settled()
        assert Enclosure(arb(0)).settled()
        assert Enclosure(math.nan).settled()
        assert not Enclosure(arb(1, 1e-10)).settled()
        assert not Enclosure(arb(0, 1e-10)).settled()
        assert Enclosure(arb(0, arb(2) ** -2_000)).settled()
        assert Enclosure(arb(0, 1), kink=True).settled()


def test_arrays_keep_the_order_and_refuse_another_shape():
    array = array_of([Enclosure(arb(k)) for k in range(6)], (2, 3))
    assert np.array_equal(midpoints(array), [[0, 1, 2], [3, 4, 5]])
    assert np.array_equal(distances(array, np.zeros((2, 3))) >= midpoints(array), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"values: the shape is \(3,\); it must be \(2, 3\)"):
        distances(array, np.zeros(3))


def test_an_empty_array_has_a_shape():
    assert midpoints(array_of([], (0, 3))).shape == (0, 3)
