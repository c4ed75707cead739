from __future__ import annotations

import math

import pytest
from flint import arb, arb_series, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle.ball import Ball
from conformance.oracle.extended import ONE, Undecided
from conformance.oracle.language import BALLS
from conformance.specs.errors import FormulaError
from conformance.specs.formula import compile_expression

EXAMPLES = settings(max_examples=50, deadline=None)

X, Y = ("x", 0), ("y", 0)


def variable(value, entry=X):
    number = value if isinstance(value, float) and not math.isfinite(value) else arb(value)
    return Ball(number, {entry: ONE})


def run(text, **values):
    names = {name: variable(value, (name, 0)) for name, value in values.items()}
    return compile_expression(text, set(names)).evaluate(names, BALLS)


class Series:
    """The same texts by the power series of the ball library: a peer that shares no code."""

    exp = staticmethod(lambda x: x.exp())
    log = staticmethod(lambda x: x.log())
    sqrt = staticmethod(lambda x: x.sqrt())
    divide = staticmethod(lambda a, b: a / b)
    number = staticmethod(lambda value: arb(value.numerator) / value.denominator)
    power = staticmethod(lambda a, b: a**b)
    xlogy = staticmethod(lambda a, b: a * b.log())

    @staticmethod
    def sum(terms):
        return sum(terms[1:], terms[0])


@pytest.mark.parametrize(
    "text",
    [
        "log(1 + exp(x)) - x * y",
        "x / (1 + y**2)",
        "sqrt(1 + x**2) * exp(-y)",
        "(x - y)**3 / (2 + x * x)",
        "xlogy(2 + y**2, 1 + x**2)",
        "sum(exp(0.5 * x) for k in range(3))",
        "exp(x) / (exp(x) + exp(y))",
        "(1 + x**2)**-2",
    ],
)
@EXAMPLES
@given(x=st.floats(-3, 3), y=st.floats(-3, 3))
def test_slopes_agree_with_power_series(text, x, y):
    ours = run(text, x=x, y=y)
    with ctx.workprec(128):
        ctx.cap = 2
        for name in "xy":
            names = {
                each: arb_series([arb(value), 1 if each == name else 0])
                for each, value in (("x", x), ("y", y))
            }
            theirs = compile_expression(text, {"x", "y"}).evaluate(names, Series)
            assert ours.value.overlaps(theirs[0])
            assert ours.slopes.get((name, 0), arb(0)).overlaps(theirs[1])


@pytest.mark.parametrize(
    ("text", "x", "low", "high"),
    [
        ("abs(x)", 0.0, -1, 1),
        ("max(x, 0)", 0.0, 0, 1),
        ("min(3 * x, 5 * x)", 0.0, 3, 5),
        ("2 * abs(x) + x", 0.0, -1, 3),
    ],
)
def test_the_slope_at_a_kink_encloses_every_subgradient(text, x, low, high):
    number = run(text, x=x)
    assert X in number.kinks
    assert number.slopes[X].contains(arb(low))
    assert number.slopes[X].contains(arb(high))
    assert not number.slopes[X].contains(arb(low) - 0.01)
    assert not number.slopes[X].contains(arb(high) + 0.01)


def test_a_tie_of_equal_slopes_is_no_kink():
    number = run("max(2 * x, x + x)", x=1.0)
    assert not number.kinks
    assert number.slopes[X] == 2


@pytest.mark.parametrize("x", [-2.0, 3.0])
def test_away_from_the_kink_the_slope_is_the_sign(x):
    number = run("abs(x)", x=x)
    assert not number.kinks
    assert number.slopes[X] == math.copysign(1, x)


def test_xlogy_is_zero_at_zero_whatever_the_other_is():
    assert run("xlogy(x, y)", x=0.0, y=0.0).value == 0
    assert run("xlogy(x, y)", x=0.0, y=math.nan).value == 0
    assert run("xlogy(x, y)", x=0.0, y=math.inf).value == 0


def test_xlogy_at_zero_is_flat_in_the_argument_and_steep_in_the_factor():
    number = run("xlogy(x, y)", x=0.0, y=0.0)
    assert number.slopes == {X: -math.inf}
    assert run("xlogy(x, x)", x=0.0).slopes == {X: -math.inf}


@pytest.mark.parametrize("text", ["max(x, y)", "min(x, y)", "abs(x) + y", "x * x", "exp(x) / y"])
def test_nan_spreads_to_the_value_and_to_the_slope(text):
    number = run(text, x=math.nan, y=1.0)
    assert math.isnan(number.value)
    assert math.isnan(number.slopes[X])


def test_log_at_zero_has_the_slope_of_its_limit():
    number = run("log(x)", x=0.0)
    assert number.value == -math.inf
    assert number.slopes[X] == math.inf
    assert run("log(1 - x)", x=1.0).slopes[X] == -math.inf


def test_exp_of_minus_infinity_is_an_exact_zero_with_slope_zero():
    number = run("exp(x)", x=-math.inf)
    assert number.value == 0
    assert number.slopes[X] == 0


def test_a_literal_is_the_decimal_that_was_written():
    with ctx.workprec(128):
        number = run("0.1 + 0 * x", x=1.0)
        assert (number.value * 10).contains(arb(1))
        assert not number.value.contains(arb(0.1))


def test_an_index_outside_gives_nan_where_it_is_not_taken():
    names = {"k": -100, "x": [variable(1.0)]}
    expression = compile_expression("0 if k == -100 else x[k]", {"k", "x"})
    assert expression.evaluate(names, BALLS) == 0
    assert math.isnan(compile_expression("x[k]", {"k", "x"}).evaluate(names, BALLS).value)


def test_an_index_that_is_no_integer_is_refused():
    with pytest.raises(FormulaError, match="the index is no integer; use a class index"):
        BALLS.pick([variable(1.0)], variable(0.0))


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_a_comparison_that_the_radius_leaves_open_is_undecided(operator):
    with pytest.raises(Undecided):
        BALLS.compare(operator, Ball(arb(0, 1)), 0)


@EXAMPLES
@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_comparisons_are_those_of_floats(a, b):
    from conformance.specs.scalar import COMPARISONS

    for name, compare in COMPARISONS.items():
        assert BALLS.compare(name, variable(a), variable(b)) == compare(a, b)


def test_sorted_puts_equal_numbers_beside_each_other():
    terms = [variable(x) for x in (3.0, -math.inf, 1.0, 3.0, math.inf)]
    values = [float(term.value) for term in BALLS.sorted(terms)]
    assert values == [-math.inf, 1.0, 3.0, 3.0, math.inf]
