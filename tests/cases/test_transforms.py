from __future__ import annotations

import flint
import numpy as np
import pytest

from conformance.cases.transforms import FUNCTIONS, transformed
from conformance.numerics.formats import FORMATS, representable, ulp
from tests.cases.losses import DTYPES

GENERATOR = np.random.Generator(np.random.PCG64(2))
LOGITS = GENERATOR.uniform(-20, 20, (40, 5)).astype(np.float16).astype(np.float64)


@pytest.fixture(autouse=True)
def _precision():
    before, flint.ctx.prec = flint.ctx.prec, 200
    yield
    flint.ctx.prec = before


def log_softmax(row):
    total = sum((flint.arb(x).exp() for x in row), flint.arb(0))
    return [flint.arb(x) - total.log() for x in row]


TRUTHS = {
    "log_softmax(logits)": log_softmax,
    "softmax(logits)": lambda row: [value.exp() for value in log_softmax(row)],
    "exp(log_softmax(logits))": lambda row: [value.exp() for value in log_softmax(row)],
    "sigmoid(logits)": lambda row: [1 / (1 + (-flint.arb(x)).exp()) for x in row],
    "log(sigmoid(logits))": lambda row: [-(1 + (-flint.arb(x)).exp()).log() for x in row],
    "exp(logits)": lambda row: [flint.arb(x).exp() for x in row],
    "log_softmax(sigmoid(logits))": lambda row: log_softmax(
        [float((1 / (1 + (-flint.arb(x)).exp())).mid()) for x in row]
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", TRUTHS)
def test_the_rounded_transform_lies_within_its_bound(text, dtype):
    values, bound = transformed(text, {"logits": LOGITS}, 5, FORMATS[dtype])
    assert representable(values, FORMATS[dtype]).all()
    for row, own, radii in zip(LOGITS, values, bound, strict=True):
        for truth, value, radius in zip(TRUTHS[text](row), own, radii, strict=True):
            if np.isfinite(value):
                assert float(abs(flint.arb(value) - truth).upper()) <= radius + 1e-30


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bound_is_about_one_rounding(dtype):
    values, bound = transformed("log_softmax(logits)", {"logits": LOGITS}, 5, FORMATS[dtype])
    slack = 120 * 2.0**-53 * (1 + np.abs(values))
    assert (bound <= ulp(values, FORMATS[dtype]) / 2 + slack).all()


@pytest.mark.parametrize("name", ["log_softmax", "softmax", "sigmoid", "exp", "log"])
def test_an_error_of_the_argument_is_carried_on(name):
    values = np.abs(LOGITS) + 1.0
    bound = np.full(values.shape, 0.01)
    result, reach = FUNCTIONS[name](values, bound)
    for _ in range(20):
        moved = values + bound * GENERATOR.choice([-1.0, 1.0], values.shape)
        other = FUNCTIONS[name](moved, np.zeros(values.shape))[0]
        assert (np.abs(other - result) <= reach).all()


def test_an_input_taken_as_it_is_is_exact():
    logits = np.array([np.nan, 1.0])
    values, bound = transformed("logits", {"logits": logits}, 0, FORMATS["float16"])
    assert values is logits
    assert bound.tolist() == [0.0, 0.0]


def test_one_hot_puts_the_classes_last_and_is_exact():
    inputs = {"target": np.array([[2, 0]])}
    values, bound = transformed("one_hot(target, classes)", inputs, 3, FORMATS["float16"])
    assert values.tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert not bound.any()


def test_a_value_past_the_largest_or_unknown_bounds_nothing():
    inputs = {"logits": np.array([[60000.0, -60000.0, 0.0], [np.nan, 0.0, 0.0]])}
    values, bound = transformed("log_softmax(logits)", inputs, 3, FORMATS["float16"])
    assert values[0].tolist() == [0.0, -np.inf, -60000.0]
    assert np.isinf(bound).tolist() == [[False, True, False], [True, True, True]]


@pytest.mark.parametrize("text", ["exp(-logits)", "tanh(logits)", "unknown", "one_hot(logits, 3)"])
def test_other_expressions_are_refused(text):
    with pytest.raises(ValueError, match="cannot be evaluated; right would be logits, log_softmax"):
        transformed(text, {"logits": np.zeros(2)}, 2, FORMATS["float16"])
