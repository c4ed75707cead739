from __future__ import annotations

import flint
import numpy as np
import pytest

from conformance.cases import portable

GENERATOR = np.random.Generator(np.random.PCG64(1))
WIDE = np.ldexp(GENERATOR.uniform(1, 2, 2000), GENERATOR.integers(-1074, 1023, 2000))
NEAR_ONE = 1.0 + GENERATOR.choice([-1.0, 1.0], 2000) * 2.0 ** GENERATOR.uniform(-52, -1, 2000)
REALS = np.concatenate([GENERATOR.uniform(-708, 709, 2000), GENERATOR.uniform(-1, 1, 2000)])


@pytest.fixture(autouse=True)
def _precision():
    before, flint.ctx.prec = flint.ctx.prec, 300
    yield
    flint.ctx.prec = before


def distance(value, truth) -> float:
    """Upper bound of |value - truth|."""
    return float(abs(flint.arb(float(value)) - truth).upper())


def relative(value, truth) -> float:
    return distance(value, truth) / float(abs(truth).lower())


@pytest.mark.parametrize(("name", "values"), [("exp", REALS), ("log", WIDE), ("log", NEAR_ONE)])
def test_errors_stay_within_the_bound_stated(name, values):
    results = getattr(portable, name)(values)
    for value, result in zip(values.tolist(), results.tolist(), strict=True):
        truth = getattr(flint.arb(value), name)()
        if truth != 0:
            assert relative(result, truth) <= portable.ROUNDOFFS * portable.UNIT_ROUNDOFF, value


def test_special_values_are_exact():
    assert portable.exp([0.0, -np.inf, np.inf]).tolist() == [1.0, 0.0, np.inf]
    assert portable.log([0.0, 1.0, np.inf]).tolist() == [-np.inf, 0.0, np.inf]
    assert np.isnan(portable.exp(np.nan))
    assert np.isnan(portable.log([-1.0, np.nan])).all()


def test_bits_are_pinned():
    """Another processor or release that moves a bit moves generated cases too."""
    assert [value.hex() for value in portable.exp([0.1, -3.3, 700.7]).tolist()] == PINNED_EXP
    assert [value.hex() for value in portable.log([0.1, 3.3, 1e300]).tolist()] == PINNED_LOG


PINNED_EXP = ["0x1.1aec7b35a00d4p+0", "0x1.2e259bb85be84p-5", "0x1.dc86ff276fcf3p+1010"]
PINNED_LOG = ["-0x1.26bb1bbb55515p+1", "0x1.31a4e7240c777p+0", "0x1.5963447f87fb5p+9"]

ROWS = [
    np.array([1.0, 2.0, 3.0]),
    np.array([0.1, 0.1]),
    np.array([1000.0, -1000.0, 999.5]),
    np.array([5.0]),
    GENERATOR.uniform(-50, 50, 40),
    np.array([0.0, -np.inf, 2.5]),
]


@pytest.mark.parametrize("logits", ROWS, ids=len)
def test_log_softmax_lies_within_its_bound(logits):
    result, bound = portable.log_softmax(logits)
    total = sum((flint.arb(x).exp() for x in logits if np.isfinite(x)), flint.arb(0))
    for x, value, radius in zip(logits, result, bound, strict=True):
        if np.isinf(x):
            assert (value, radius) == (-np.inf, 0.0)
        else:
            assert distance(value, flint.arb(x) - total.log()) <= radius <= 1e-12


def test_sigmoid_lies_within_its_bound():
    logits = np.concatenate([GENERATOR.uniform(-40, 40, 500), [-745.0, -710.0, 0.0, 800.0]])
    result, bound = portable.sigmoid(logits)
    for x, value, radius in zip(logits, result, bound, strict=True):
        assert distance(value, 1 / (1 + (-flint.arb(x)).exp())) <= radius


def test_an_infinity_that_overflow_made_bounds_nothing():
    largest = np.finfo(np.float64).max
    result, bound = portable.log_softmax(np.array([largest, -largest]))
    assert result.tolist() == [0.0, -np.inf]
    assert bound[1] == np.inf


def test_rows_without_entries_stay_so():
    assert portable.log_softmax(np.zeros((2, 0)))[0].shape == (2, 0)
    assert portable.total(np.zeros((2, 0))).tolist() == [[0.0], [0.0]]
