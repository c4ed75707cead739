from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conformance.oracle import Enclosure
from reference import stable

EXAMPLES = settings(max_examples=50, deadline=None)

NUMBERS = st.floats(-800.0, 800.0)
ROWS = arrays(np.float64, st.integers(1, 6), elements=st.floats(-60.0, 60.0))
UNIT = 2.0**-53


def error(actual, truth, least=2.0**-1022) -> float:
    """In unit roundoffs of the truth, or of `least` where it is smaller."""
    enclosure = Enclosure(truth)
    scale = max(abs(enclosure.midpoint), least)
    return enclosure.distance(float(actual)) / scale / UNIT


@pytest.mark.parametrize(
    ("function", "exact", "roundings"),
    [
        (stable.softplus, lambda x: (1 + x.exp()).log(), 6),
        (stable.log_sigmoid, lambda x: -((1 + (-x).exp()).log()), 6),
        (stable.sigmoid, lambda x: 1 / (1 + (-x).exp()), 6),
    ],
    ids=["softplus", "log_sigmoid", "sigmoid"],
)
@EXAMPLES
@given(x=NUMBERS)
@example(x=0.0)
@example(x=-745.0)
@example(x=1e-300)
def test_one_argument_is_accurate_in_both_tails(function, exact, roundings, x):
    with ctx.workprec(2_400):
        assert error(function(np.float64(x)), exact(arb(x))) <= roundings


@EXAMPLES
@given(x=ROWS)
def test_rows_are_accurate_down_to_zero(x):
    """Errors grow with the distance that enters an exponential, and with nothing else."""
    with ctx.workprec(400):
        exact = [arb(entry) for entry in x.tolist()]
        powers = [entry.exp() for entry in exact]
        total = sum(powers[1:], powers[0])
        allowed = 12.0 + 4.0 * float(np.ptp(x))
        shares = stable.shares(x)
        for k, entry in enumerate(exact):
            rest = sum([power for j, power in enumerate(powers) if j != k], arb(0))
            assert error(stable.surprisal(x)[k], total.log() - entry, 1e-80) <= allowed
            assert error(shares.probability[k], powers[k] / total) <= allowed
            assert error(shares.complement[k], rest / total) <= allowed


@EXAMPLES
@given(x=ROWS)
def test_log_sum_exp_and_log_softmax_belong_together(x):
    apart = x - stable.log_sum_exp(x) - stable.log_softmax(x)
    assert np.all(np.abs(apart) <= 8 * UNIT * (1.0 + np.abs(x) + 60.0))


@EXAMPLES
@given(x=arrays(np.float64, (2, 4), elements=st.sampled_from([0.0, 1.0, 3.0, 1e-9, 1e9, 1e300])))
def test_the_sum_of_the_others_is_accurate_beside_a_dominant_entry(x):
    others = stable.sum_of_others(x)
    for row in range(2):
        for k in range(4):
            truth = sum([arb(x[row, j]) for j in range(4) if j != k], arb(0))
            assert error(others[row, k], truth) <= 16.0


def test_one_entry_has_no_others():
    assert np.array_equal(stable.sum_of_others(np.array([[3.0]])), [[0.0]])
    assert np.array_equal(stable.shares(np.array([[3.0]])).complement, [[0.0]])


def test_ties_share_evenly():
    shares = stable.shares(np.array([2.0, 2.0, -np.inf]))
    assert np.array_equal(shares.probability, [0.5, 0.5, 0.0])
    assert np.array_equal(shares.complement, [0.5, 0.5, 1.0])


def test_a_factor_of_zero_wins_against_infinity_but_not_the_other_way():
    with np.errstate(invalid="ignore"):
        assert np.array_equal(stable.times(np.array([0.0, 2.0]), np.inf), [0.0, np.inf])
        assert np.isnan(stable.times(np.array(np.inf), np.array(0.0)))


def test_xlogy_is_zero_at_zero():
    with np.errstate(all="ignore"):
        actual = stable.xlogy(np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, np.inf, 0.0, 1.0]))
    assert np.array_equal(actual, [0.0, 0.0, -np.inf, 0.0])


def test_store_marks_a_rounding_point_only_where_an_array_knows_one():
    class Marked:
        def stored(self):
            return "stored"

    assert stable.store(Marked()) == "stored"
    plain = np.ones(2)
    assert stable.store(plain) is plain
