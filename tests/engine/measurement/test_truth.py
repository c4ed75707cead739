from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.measurement.functions import FUNCTIONS
from conformance.engine.measurement.points import points_of
from conformance.engine.measurement.truth import TruthError, exactly, truth_of
from conformance.numerics.formats import FLOAT32, FLOAT64, ulp


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda each: each.name)
def test_float64_is_close_enough_to_ball_arithmetic_to_judge_float32(function):
    points = points_of(function, FLOAT32, 2000, 3)
    truth = truth_of(function, points.arguments, FLOAT32)
    for place in range(0, points.count, 101):
        exact = exactly(function, [float(each[place]) for each in points.arguments])
        if np.isfinite(exact.high[0]) and exact.high[0]:
            off = abs(truth.high[place] - exact.high[0]) / ulp(exact.high, FLOAT32)[0]
            assert off < 1e-7


def test_a_float64_function_that_is_wrong_is_not_believed():
    wrong = replace(FUNCTIONS["exp"], double=lambda x: np.exp(x) * (1.0 + 1e-14))
    with pytest.raises(TruthError, match=r"exp\(.*\) of NumPy is .* ulp of float64 off; 4 are"):
        truth_of(wrong, (np.linspace(-5.0, 5.0, 100),), FLOAT32)


def test_the_truth_of_float64_is_known_beyond_its_last_digit():
    x = np.linspace(0.1, 3.0, 50)
    truth = truth_of(FUNCTIONS["log1p"], (x,), FLOAT64)
    assert (truth.low != 0).any()
    assert (np.abs(truth.low) <= ulp(truth.high, FLOAT64)).all()
