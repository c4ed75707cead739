"""Every number in the specs, recomputed by the oracle and by the reference."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.numerics import FORMATS, IDEAL64, run_bounded, ulp
from conformance.oracle import derivatives, evaluate, midpoints
from conformance.specs.library import load_library
from reference import PROGRAMS
from tests.reference.cases import Expected, every

EXPECTED = [expected for loss in load_library().losses.values() for expected in every(loss)]
IN_FLOAT64 = [expected for expected in EXPECTED if expected.dtype == "float64"]


def named(expected: Expected) -> str:
    return expected.id


@pytest.mark.parametrize("expected", EXPECTED, ids=named)
def test_the_oracle_gives_the_number_that_is_written(expected):
    """To the last digit: the float64 nearest to the truth, rounded on to the dtype.

    Under a choice with an argument one digit may differ: the oracle takes that number as a float,
    as every program does, where a reader takes it as a decimal.
    """
    loss, given = expected.loss, expected.case.given
    inputs = {name: expected.exact(name) for name in loss.inputs}
    parameters = {name: expected.exact(name) for name in given.values if name in loss.parameters}
    call = (loss, inputs, parameters, given.reduction, expected.choices)
    matches(expected, midpoints(evaluate(*call)), expected.value)
    if expected.gradient:
        slopes = derivatives(*call)
        for name, value in expected.gradient.items():
            near = [each.distance(x) for each, x in kinks(slopes[name], expected.number(value))]
            assert all(distance <= 1e-300 for distance in near)
            smooth = np.array([not each.kink for each in slopes[name].ravel()], dtype=bool)
            matches(expected, midpoints(slopes[name]), value, smooth)


def kinks(enclosures, values):
    pairs = zip(enclosures.ravel(), np.broadcast_to(values, enclosures.shape).ravel(), strict=True)
    return [(each, float(value)) for each, value in pairs if each.kink]


def matches(expected, actual, value, where=None):
    truth = expected.number(value)
    truth = truth.reshape(actual.shape) if truth.size == 0 else truth
    assert actual.shape == truth.shape
    left, right = expected.rounded(actual).ravel(), expected.rounded(truth).ravel()
    if where is not None:
        left, right = left[where], right[where]
    if any("1e-" in text for text in expected.choices.values()):
        with np.errstate(invalid="ignore"):
            near = np.abs(left - right) <= ulp(right, FORMATS[expected.dtype])
        left = np.where(near, right, left)
    np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("expected", IN_FLOAT64, ids=named)
def test_the_reference_gives_the_number_that_is_written(expected):
    """Within its derived bound, the rounding of the given decimals included."""
    loss, given = expected.loss, expected.case.given
    inputs = tuple(expected.floats(name) for name in loss.inputs)
    keywords = {name: expected.floats(name) for name in given.values if name in loss.parameters}
    keywords["reduction"] = given.reduction
    keywords |= {name.replace("-", "_"): text for name, text in expected.choices.items()}
    bounds = {k: decimal_error(expected, name, inputs[k]) for k, name in enumerate(loss.inputs)
              if loss.inputs[name].kind == "real"}  # fmt: skip
    program = PROGRAMS[loss.id]
    value = run_bounded(program.value, IDEAL64, inputs, keywords, bounds)
    holds(expected, value, expected.value)
    if expected.gradient:
        ones = np.ones(value.shape)
        slopes = run_bounded(program.gradient, IDEAL64, (*inputs, ones), keywords, bounds)
        for name, number in expected.gradient.items():
            holds(expected, slopes[name], number)


def decimal_error(expected, name, floats):
    """How far each float is from the decimal that was written."""
    exact = np.asarray(expected.exact(name))
    pairs = zip(floats.ravel().tolist(), exact.ravel().tolist(), strict=True)
    apart = [0.0 if x == y or x != x else abs(float(type(y)(x) - y)) for x, y in pairs]
    return np.reshape(np.array(apart, dtype=np.float64), floats.shape)


def holds(expected, actual, number):
    truth = expected.number(number)
    truth = truth.reshape(actual.shape) if truth.size == 0 else truth
    assert actual.shape == truth.shape
    special = ~np.isfinite(truth)
    np.testing.assert_array_equal(actual.value[special], truth[special])
    allowed = actual.bound + ulp(truth, FORMATS["float64"])
    with np.errstate(invalid="ignore"):
        apart = np.abs(actual.value - truth)
    assert np.all((apart <= allowed) | special), (actual.value, truth, allowed)


def test_words_and_decimals_and_other_choices_were_all_met():
    assert len(EXPECTED) > 500
    assert any(expected.choices != expected.loss.choices() for expected in EXPECTED)
    assert {expected.dtype for expected in EXPECTED} == set(FORMATS)


def test_a_wrong_last_digit_is_noticed():
    [planted] = [e for e in IN_FLOAT64 if e.id == "mse:three-numbers:float64"]
    with pytest.raises(AssertionError):
        matches(planted, np.array(0.04), np.nextafter(0.04, 1.0).item())
