from __future__ import annotations

import numpy as np
import pytest

from conformance.numerics import Class, bounded
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.bounded import Bounded
from conformance.numerics.classification import preliminary, settle
from conformance.numerics.estimate import Estimate
from conformance.numerics.formats import FLOAT16, FLOAT32, ulp

PLAIN = Arithmetic(FLOAT32, FLOAT32, FLOAT32)


def classify(actual, expected, own=0.0, ideal=0.0, overflow=None, form=FLOAT32):
    actual, expected = np.array([actual], float), np.array([expected], float)
    classes, _ = preliminary(actual, expected, form)
    if classes[0] != Class.OPEN:
        return Class(int(classes[0]))
    mask = None if overflow is None else np.array([overflow])
    own_bound = Bounded(Estimate(expected, np.array([own]), mask), PLAIN)
    ideal_bound = bounded(expected, PLAIN, ideal)
    settled, _ = settle(actual, expected, form, own_bound, ideal_bound, bounded(expected, PLAIN))
    return Class(int(settled[0]))


STEP = float(ulp(1.0, FLOAT32))


@pytest.mark.parametrize(
    ("actual", "expected", "kind"),
    [
        (np.nan, np.nan, Class.EXACT_SPECIAL),
        (np.inf, np.inf, Class.EXACT_SPECIAL),
        (0.0, 0.0, Class.EXACT_SPECIAL),
        (np.inf, 1e39, Class.EXACT_SPECIAL),  # the rounded true value is infinite
        (1.0, 1.0 + STEP / 4, Class.CORRECTLY_ROUNDED),
        (1.0, 1.0 + 0.75 * STEP, Class.FAITHFUL),
        (np.nan, 1.0, Class.WRONG),
        (1.0, np.nan, Class.WRONG),
        (-np.inf, np.inf, Class.WRONG),
        (np.inf, 1.0, Class.WRONG),
        (5.0, np.inf, Class.WRONG),
    ],
)
def test_values_are_classified_without_a_bound(actual, expected, kind):
    assert classify(actual, expected) is kind


def test_bounds_decide_the_rest():
    off = 1.0 + 6 * STEP
    assert classify(off, 1.0, own=10 * STEP, ideal=7 * STEP) is Class.IDEAL
    assert classify(off, 1.0, own=10 * STEP, ideal=2 * STEP) is Class.OWN
    assert classify(off, 1.0, own=3 * STEP) is Class.EXCEEDS
    assert classify(off, 1.0, own=0.5 * STEP) is Class.WRONG


def test_the_bound_is_inclusive():
    assert classify(1.0 + 3 * STEP, 1.0, own=3 * STEP) is Class.OWN


def test_premature_overflow_is_accepted_only_where_the_program_predicts_it():
    assert classify(np.nan, 1.0, overflow=True) is Class.PREMATURE
    assert classify(np.inf, 1.0, overflow=False) is Class.WRONG


def test_a_bound_that_reaches_past_the_range_admits_infinity():
    near = FLOAT16.largest
    assert classify(np.inf, near, own=64.0, form=FLOAT16) is Class.OWN
    assert classify(np.inf, near, own=1.0, form=FLOAT16) is Class.WRONG


def test_errors_are_in_ulp_and_nan_across_classes():
    actual = np.array([1.0 + 3 * STEP, np.nan, np.nan, np.inf])
    expected = np.array([1.0, np.nan, 1.0, 2.0])
    _, ulps = preliminary(actual, expected, FLOAT32)
    assert ulps[0] == 3.0
    assert ulps[1] == 0.0
    assert np.isnan(ulps[2:]).all()


def test_a_subnormal_floor_is_under_every_bound():
    tiny = FLOAT32.smallest_subnormal
    assert classify(tiny, 0.0, own=0.0) in (Class.IDEAL, Class.OWN)
    assert classify(3 * tiny, 0.0, own=0.0) is Class.EXCEEDS
