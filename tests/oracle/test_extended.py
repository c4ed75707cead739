from __future__ import annotations

import itertools
import math
import operator

import numpy as np
import pytest
from flint import arb, ctx

from conformance.oracle import extended
from conformance.oracle.extended import Undecided, finite

NUMBERS = [math.inf, -math.inf, math.nan, 0.0, 1.5, -2.0]
ABOUT_ZERO = arb(0, 1)


def as_float(number):
    return float(number) if finite(number) else number


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (extended.add, np.add),
        (extended.multiply, np.multiply),
        (extended.divide, np.divide),
    ],
    ids=["add", "multiply", "divide"],
)
def test_arithmetic_with_specials_is_that_of_ieee(ours, theirs):
    for a, b in itertools.product(NUMBERS, NUMBERS):
        actual = as_float(ours(extended.extended(a), extended.extended(b)))
        with np.errstate(all="ignore"):
            expected = float(theirs(a, b))
        assert actual == expected or (math.isnan(actual) and math.isnan(expected)), (a, b)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(extended.exp, np.exp), (extended.log, np.log), (extended.sqrt, np.sqrt)],
    ids=["exp", "log", "sqrt"],
)
def test_functions_of_specials_are_those_of_ieee(ours, theirs):
    for x in [math.inf, -math.inf, math.nan, 0.0]:
        if ours is extended.exp or x != -math.inf:
            actual = as_float(ours(extended.extended(x)))
            with np.errstate(all="ignore"):
                expected = float(theirs(x))
            assert actual == expected or (math.isnan(actual) and math.isnan(expected)), x


def test_log_and_sqrt_of_a_negative_number_are_nan():
    assert math.isnan(extended.log(arb(-1)))
    assert math.isnan(extended.log(-math.inf))
    assert math.isnan(extended.sqrt(arb(-1)))


@pytest.mark.parametrize(
    "compute",
    [
        lambda: extended.sign(ABOUT_ZERO),
        lambda: extended.log(ABOUT_ZERO),
        lambda: extended.sqrt(ABOUT_ZERO),
        lambda: extended.divide(arb(1), ABOUT_ZERO),
        lambda: extended.multiply(math.inf, ABOUT_ZERO),
        lambda: extended.order(ABOUT_ZERO, arb(0.5)),
    ],
    ids=["sign", "log", "sqrt", "divide", "times infinity", "order"],
)
def test_what_the_radius_leaves_open_is_undecided(compute):
    with pytest.raises(Undecided):
        compute()


def test_a_result_without_bounds_is_undecided_and_more_bits_help():
    with ctx.workprec(128), pytest.raises(Undecided):
        extended.exp(arb(1.7e308))
    with ctx.workprec(2_048):
        assert extended.log(extended.exp(arb(1.7e308))).contains(arb(1.7e308))


def test_order_of_specials_is_that_of_floats():
    numbers = [x for x in NUMBERS if x == x]
    for a, b in itertools.product(numbers, numbers):
        expected = operator.sub(a > b, a < b)
        assert extended.order(extended.extended(a), extended.extended(b)) == expected, (a, b)
