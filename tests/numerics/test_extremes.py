"""What the largest element tells of all, and that nothing is taken for granted of NaN."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conformance.numerics.extremes import above, below, magnitude
from conformance.numerics.formats import Floats

ARRAYS = st.lists(st.floats(), max_size=5).map(np.array)


@given(ARRAYS, st.floats(allow_nan=False))
def test_all_lie_below_or_above_a_number_where_each_of_them_does(
    values: Floats, number: float
) -> None:
    assert below(values, number) == all(each < number for each in values)
    assert above(values, number) == all(each > number for each in values)


@given(st.lists(st.floats(allow_nan=False), max_size=5).map(np.array))
def test_the_magnitude_is_the_largest_of_all(values: Floats) -> None:
    assert magnitude(values) == max((abs(each) for each in values), default=0.0)


def test_a_nan_is_the_magnitude_wherever_it_stands() -> None:
    for place in range(3):
        values = np.array([1.0, -5.0, 2.0])
        values[place] = np.nan
        assert np.isnan(magnitude(values))
