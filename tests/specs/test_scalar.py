"""The plain language gives IEEE results where Python would raise."""

import math
from fractions import Fraction

import pytest

from conformance.specs.errors import FormulaError
from conformance.specs.scalar import SCALAR

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (SCALAR.number(Fraction(1, 3)), 1 / 3),
        (SCALAR.divide(1, 4), 0.25),
        (SCALAR.divide(1, 0), INF),
        (SCALAR.divide(1, -0.0), -INF),
        (SCALAR.divide(-1, 0.0), -INF),
        (SCALAR.power(0.0, -2), INF),
        (SCALAR.power(-0.0, -3), -INF),
        (SCALAR.power(1e200, 2), INF),
        (SCALAR.power(-1e200, 3), -INF),
        (SCALAR.power(2, 0.5), math.sqrt(2)),
        (SCALAR.exp(1000), INF),
        (SCALAR.exp(-1000), 0.0),
        (SCALAR.log(0), -INF),
        (SCALAR.sqrt(4), 2.0),
        (SCALAR.xlogy(0, NAN), 0.0),
        (SCALAR.xlogy(2, 1), 0.0),
        (SCALAR.xlogy(1, 0), -INF),
        (SCALAR.sum([]), 0),
        (SCALAR.prod([]), 1),
    ],
)
def test_limits_are_given(found: float, expected: float) -> None:
    assert found == expected


@pytest.mark.parametrize(
    "found",
    [
        SCALAR.divide(0, 0),
        SCALAR.divide(NAN, 0),
        SCALAR.power(-2.0, 0.5),
        SCALAR.log(-1),
        SCALAR.log(NAN),
        SCALAR.sqrt(-1),
        SCALAR.max([1.0, NAN]),
        SCALAR.max([NAN, 1.0]),
        SCALAR.min([NAN, 1.0]),
        SCALAR.xlogy(1.0, NAN),
        SCALAR.xlogy(NAN, 1.0),
    ],
)
def test_what_has_no_value_is_nan(found: float) -> None:
    assert math.isnan(found)


@pytest.mark.parametrize("index", [-1, 2, 0.5])
def test_an_index_outside_is_refused(index: float) -> None:
    with pytest.raises(FormulaError, match=r"^the index .* is outside 0 to 1$"):
        SCALAR.pick([1.0, 2.0], index)
