"""What is made coarse is added exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.exactness import coarse, largest_shift, room, scaled
from conformance.numerics.formats import FORMATS, representable

NUMBERS = st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=8).map(np.array)
EVERY = pytest.mark.parametrize("name", FORMATS)


@EVERY
@given(numbers=NUMBERS)
def test_a_shift_of_coarse_numbers_is_exact(name: str, numbers: np.ndarray) -> None:
    form = FORMATS[name]
    power = room(form, numbers, least=largest_shift(form))
    if power is None:
        assert np.abs(numbers).max() > form.largest / 16.0
        return
    plain = coarse(numbers, power, form)
    assert np.abs(plain).max() <= power / 2.0
    for moved in (plain + power, plain - power, plain + np.roll(plain, 1)):
        assert representable(moved, form).all()
        assert np.array_equal(moved - plain + plain, moved)


@EVERY
@given(numbers=st.lists(st.floats(0, 1), min_size=1, max_size=8).map(np.array))
def test_the_complement_of_a_coarse_probability_is_exact(name: str, numbers: np.ndarray) -> None:
    form = FORMATS[name]
    plain = coarse(numbers, 0.5, form)
    assert representable(plain, form).all()
    assert representable(1.0 - plain, form).all()
    assert np.array_equal(1.0 - (1.0 - plain), plain)


@EVERY
def test_a_factor_that_would_round_is_refused(name: str) -> None:
    form = FORMATS[name]
    assert scaled(np.array([1.0, 0.0, -1.5]), -3, form) is not None
    assert scaled(np.array([1.0, form.smallest_normal]), -1, form) is None
    assert scaled(np.array([1.0, form.largest]), 1, form) is None
