"""Formulas mean what they say, and every run of one is bounded."""

import time
from typing import Any

import pytest

from conformance.specs.errors import FormulaError
from conformance.specs.formula import compile_expression
from conformance.specs.scalar import SCALAR

VALUES: dict[str, Any] = {"a": 3.0, "n": 4, "row": [1.0, 2.0, 4.0], "absent": None, "flag": True}


def run(text: str, **limits: int) -> Any:
    return compile_expression(text, VALUES.keys()).evaluate(VALUES, SCALAR, **limits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-a ** 2", -9.0),
        ("2 ** -1", 0.5),
        ("2 ** 0.5 * 2 ** 0.5 > 1.99", True),
        ("1 / 4", 0.25),
        ("1_000.5", 1000.5),
        ("+a", 3.0),
        ("1 < 2 < 3", True),
        ("1 < 2 > 3", False),
        ("a == 3 and n == 4 or a / 0 == 1", True),
        ("not flag", False),
        ("absent is None", True),
        ("a is not None", True),
        ("row[1]", 2.0),
        ("row[n] if n < 3 else -1", -1),
        ("sum(x for x in row)", 7.0),
        ("sum(x * y for x in row for y in row)", 49.0),
        ("sum(k for k in range(1, 10, 2))", 25),
        ("prod(row)", 8.0),
        ("prod(row[k] for k in range(0))", 1),
        ("sum(range(0))", 0),
        ("max(row)", 4.0),
        ("min(a, 7, n)", 3.0),
        ("len([0 for k in range(n)])", 4),
        ("sorted(row)[2] - sorted(-x for x in row)[0]", 8.0),
        ("abs(-a) + sqrt(9)", 6.0),
        ("log(exp(a))", 3.0),
        ("xlogy(0, 0)", 0.0),
    ],
)
def test_a_formula_means_what_it_says(text: str, value: Any) -> None:
    assert run(text) == value


def test_an_expression_names_what_it_uses() -> None:
    assert compile_expression("a + sum(x for x in row)", VALUES.keys()).names == {"a", "row"}


def test_a_side_not_taken_is_not_evaluated() -> None:
    assert run("1 if absent is None else absent + 1") == 1
    assert run("flag or row[99] > 0") is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("row + 1", "a list stands where a number is needed; index it or sum over it"),
        ("exp(absent)", "nothing stands where a number is needed; index it or sum over it"),
        ("a[0]", "a single number stands where a list is needed; give a class axis"),
        ("sum(a)", "a single number stands where a list is needed; give a class axis"),
        ("row[3]", "the index 3 is outside 0 to 2"),
        ("row[-1]", "the index -1 is outside 0 to 2"),
        ("max(range(0))", "max of an empty list has no value; check its length first"),
        ("range(a)", "range is given what is no small integer; use a dim name or a number"),
        ("range(10 ** 12)", "range is given what is no small integer; use a dim name or a number"),
        ("range(5000)", "the range has 5000 entries; at most 4096"),
        ("2 ** 65", "the power 65 is too large; at most 64"),
        ("a ** -65", "the power -65 is too large; at most 64"),
        ("9 ** 9 ** 9", "the power 387420489 is too large; at most 64"),
        ("(10 ** 64) ** 64", "an integer grew past 1000 bits; write smaller ones"),
        (
            "10**60 * 10**60 * 10**60 * 10**60 * 10**64",
            "an integer grew past 1000 bits; write smaller numbers",
        ),
        (
            "prod(10**9 for k in range(4096))",
            "an integer grew past 1000 bits; write smaller numbers",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        run(text)
    assert str(caught.value) == message


def test_a_name_without_a_value_is_refused() -> None:
    expression = compile_expression("a + n", {"a", "n"})
    with pytest.raises(FormulaError, match=r"^the name 'n' has no value; give one$"):
        expression.evaluate({"a": 1.0}, SCALAR)


def test_steps_run_out() -> None:
    assert run("sum(a for k in range(9))", steps=40) == 27.0
    with pytest.raises(FormulaError, match=r"^the formula takes too many steps; make its ranges"):
        run("sum(a for k in range(40))", steps=40)


@pytest.mark.parametrize(
    "text",
    [
        "sum(1 for i in range(4096) for j in range(4096))",
        "sum([sum([sum([1 for i in range(4096)]) for j in range(4096)]) for k in range(4096)])",
        "len([[[0 for i in range(4096)] for j in range(4096)] for k in range(4096)])",
        "sum(sum(range(4096)) for k in range(4096))",
        "prod(prod(10**60 for i in range(2)) / 7 for j in range(4096) for k in range(4096))",
    ],
)
def test_long_runs_are_stopped_quickly(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(FormulaError):
        run(text)
    assert time.perf_counter() - start < 5.0  # a guard against hanging, far above what it takes
