from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.numerics.formats import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    from_bits,
    from_ordinal,
    ordinal,
    representable,
    round_to,
    to_bits,
    ulp,
)

ANY = st.floats(width=64, allow_nan=False, allow_infinity=False)
NARROW = [FLOAT32, FLOAT16, BFLOAT16]


def nearest_by_search(value: float, form) -> float:
    """The nearest number of the format in exact arithmetic, ties to the even significand."""
    step = Fraction(float(ulp(value, form)))
    below = (Fraction(value) / step).__floor__()
    gap = Fraction(value) / step - below
    up = gap > Fraction(1, 2) or (gap == Fraction(1, 2) and below % 2 == 1)
    return float((below + up) * step)


@pytest.mark.parametrize("form", NARROW, ids=lambda form: form.name)
@given(value=ANY)
def test_rounding_is_to_nearest_even_in_one_step(form, value):
    expected = nearest_by_search(value, form)
    if abs(expected) > form.largest:
        expected = np.copysign(np.inf, value)
    assert round_to(value, form) == expected


@pytest.mark.parametrize("form", NARROW, ids=lambda form: form.name)
@given(value=ANY)
def test_rounding_is_idempotent_and_exact_in_the_format(form, value):
    once = round_to(value, form)
    assert round_to(once, form) == once
    assert representable(once, form)
    assert from_bits(to_bits(once, form), form) == once


def test_bfloat16_is_not_rounded_through_float32():
    """Just above a tie: by way of float32 it becomes the tie and goes to even, which is wrong."""
    value = 1.0 + 2.0**-8 + 2.0**-40
    assert round_to(value, BFLOAT16) == 1.0 + 2.0**-7
    assert round_to(np.float64(np.float32(value)), BFLOAT16) == 1.0


def test_every_bfloat16_pattern_survives_the_round_trip():
    bits = np.arange(65536, dtype=np.uint16)
    with np.errstate(invalid="ignore"):
        values = from_bits(bits, BFLOAT16)
    usable = ~np.isnan(values)
    assert np.array_equal(to_bits(values[usable], BFLOAT16), bits[usable])


def test_the_limits_are_those_of_the_machine():
    for form, kind in ((FLOAT64, np.float64), (FLOAT32, np.float32), (FLOAT16, np.float16)):
        info = np.finfo(kind)
        assert form.largest == float(info.max)
        assert form.smallest_normal == float(info.tiny)
        assert form.smallest_subnormal == float(info.smallest_subnormal)
        assert form.unit_roundoff == float(info.eps) / 2
    assert BFLOAT16.largest == float.fromhex("0x1.fep+127")


def test_values_at_the_overflow_threshold_round_to_infinity():
    for form in NARROW:
        assert round_to(form.overflow, form) == np.inf
        assert round_to(np.nextafter(form.overflow, 0), form) == form.largest


@pytest.mark.parametrize("form", list(FORMATS.values()), ids=lambda form: form.name)
def test_ulp_is_the_gap_between_neighbours(form):
    for value in (1.0, 1.5, 3.0, 0.1, form.smallest_normal, form.largest / 2):
        exact = float(round_to(value, form))
        assert representable(exact + float(ulp(exact, form)), form)
        assert not representable(exact + float(ulp(exact, form)) / 2, form) or form is FLOAT64
    assert ulp(0.0, form) == form.smallest_subnormal


def test_ordinals_count_the_numbers_between():
    bits = np.arange(0x7F80, dtype=np.uint16)
    assert np.array_equal(ordinal(from_bits(bits, BFLOAT16), BFLOAT16), np.arange(0x7F80))
    assert ordinal(-1.0, FLOAT32) == -ordinal(1.0, FLOAT32)
    below = float(np.nextafter(np.float32(1.0), np.float32(0.0)))
    assert ordinal(1.0, FLOAT32) - ordinal(below, FLOAT32) == 1


def test_non_finite_values_pass_through():
    for form in FORMATS.values():
        values = round_to([np.nan, np.inf, -np.inf, -0.0], form)
        assert np.isnan(values[0])
        assert values[1:3].tolist() == [np.inf, -np.inf]
        assert np.signbit(values[3])


@pytest.mark.parametrize("form", [BFLOAT16, FLOAT16], ids=lambda form: form.name)
def test_every_ordinal_gives_its_number_back(form):
    bits = np.arange(int(ordinal(form.largest, form)) + 1)
    numbers = from_ordinal(bits, form)
    assert np.array_equal(ordinal(numbers, form), bits)
    assert np.array_equal(from_ordinal(-bits[1:], form), -numbers[1:])
    assert from_ordinal(bits[-1:] + 5, form) == form.largest


@given(ANY)
def test_ordinals_of_wide_formats_give_their_numbers_back(value):
    for form in (FLOAT32, FLOAT64):
        rounded = round_to(value, form)
        if np.isfinite(rounded):
            assert from_ordinal(ordinal(rounded, form), form) == rounded
