"""The grammar refuses whatever lies outside it, and says what and what is allowed."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.specs.errors import FormulaError
from conformance.specs.evaluation import STEP_LIMIT
from conformance.specs.formula import compile_expression
from conformance.specs.grammar import ALLOWED_TEXT, FUNCTIONS, NODE_LIMIT, TEXT_LIMIT, parse
from conformance.specs.scalar import SCALAR

NAMES = frozenset({"logits", "target", "weight", "classes"})
VALUES = {"logits": [0.5, -2.0], "target": 1, "weight": None, "classes": 2}

OUTSIDE = {
    "().__class__": "an attribute (x.y)",
    "logits.append": "an attribute (x.y)",
    "lambda: 1": "a lambda",
    "f'{target}'": "an f-string",
    "(x := 1)": "an assignment (:=)",
    "logits[0:1]": "a slice (x[a:b])",
    "[0] * 10**9": "a list display",
    "(1, 2)": "a tuple",
    "{1: 2}": "a dictionary",
    "{1, 2}": "a set",
    "{k for k in logits}": "a set comprehension",
    "{k: k for k in logits}": "a dictionary comprehension",
    "max(*logits)": "a starred argument",
    "7 // 2": "floor division (//)",
    "7 % 2": "the remainder (%)",
    "1 in logits": "the operator in",
    "logits @ logits": "the matrix product (@)",
}

MESSAGES = {
    "__import__('os')": "there is no function '__import__'; known are abs, exp, len, log, max, "
    "min, prod, range, sorted, sqrt, sum, xlogy",
    "exq(1)": "there is no function 'exq'; did you mean 'exp'?",
    "exp(1)(2)": "only functions of the language can be called; allowed are exp, log, sqrt, abs, "
    "max, min, sum, prod, range, len, sorted, xlogy",
    "logit[0]": "the name 'logit' is not known here; did you mean 'logits'?",
    "exp(1, 2)": "exp is called with 2 arguments; it takes 1",
    "xlogy(1)": "xlogy is called with 1 arguments; it takes 2",
    "range()": "range is called with 0 arguments; it takes 1 to 3",
    "max()": "max is called with 0 arguments; it takes 1 or more",
    "sum(x=1)": "sum is called with a keyword; arguments have no names here",
    "sum(k for k in logits if k)": "a comprehension has no 'if' or 'async' here; "
    "write 'x if c else y'",
    "sum(a for a, b in logits)": "a comprehension binds one plain name; write 'for k in ...'",
    "sum(target for target in logits)": "the comprehension variable 'target' is taken; "
    "choose a name that is not in use",
    "sum(_x for _x in logits)": "the comprehension variable '_x' is taken; "
    "choose a name that is not in use",
    "sum(k for k in range(2)) + k": "the name 'k' is not known here; "
    "known are classes, logits, target, weight",
    "None": "None may stand only in 'x is None' and 'x is not None'",
    "weight == None": "None may stand only in 'x is None' and 'x is not None'",
    "weight is 3": "None may stand only in 'x is None' and 'x is not None'",
    "'text'": "the constant 'text' is no number; only numbers are allowed",
    "True": "the constant True is no number; only numbers are allowed",
    "1j": "the constant 1j is no number; only numbers are allowed",
    "9" * 400: "an integer has more than 1000 bits; write a smaller one",
    "1e999": "the number 1e999 does not fit a double; write a closer one",
    "1e-999999999": "the number 1e-999999999 does not fit a double; write a closer one",
    "π": "the character '\\u03c0' is not plain ASCII; write the name in letters",
    "\ud800": "the character '\\ud800' is not plain ASCII; write the name in letters",
    "1 + "
    * TEXT_LIMIT: f"the formula has {4 * TEXT_LIMIT - 1} characters; at most 4000 are allowed",
    "-" * 1000 + "1": "the formula is nested too deeply; at most 40 levels are allowed",
    "not " * 900 + "1": "the formula is nested too deeply; at most 40 levels are allowed",
    " + ".join("1" for _ in range(50)): (
        "the formula is nested too deeply; at most 40 levels are allowed"
    ),
    "max(" + ", ".join("1" for _ in range(NODE_LIMIT)) + ")": (
        "the formula has more than 500 parts; use 'let' or split"
    ),
}


@pytest.mark.parametrize(("text", "what"), OUTSIDE.items())
def test_what_lies_outside_is_named_with_what_is_allowed(text: str, what: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile_expression(text, NAMES)
    assert str(caught.value) == (
        f"{what} is not part of the formula language; allowed are {ALLOWED_TEXT}"
    )


@pytest.mark.parametrize(("text", "message"), MESSAGES.items(), ids=lambda text: text[:20])
def test_a_refusal_says_what_is_wrong_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile_expression(text, NAMES)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", "1 +", "x if", "0or 1", "a b", "1\x00", "import os", "#"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match=r"^this is no expression: .*; allowed are numbers"):
        compile_expression(text, NAMES)


@pytest.mark.parametrize("text", ["(" * 1900 + "1" + ")" * 1900, "-" * 3900 + "1", "[" * 3900])
def test_what_breaks_the_parser_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        compile_expression(text, NAMES)


def test_line_breaks_and_spaces_do_not_matter() -> None:
    assert parse("  1\n  +\n\n target ", NAMES).text == "1 + target"


def test_other_functions_can_take_the_place_of_the_languages_own() -> None:
    parse("sigmoid(logits)", NAMES, {"sigmoid": (1, 1)})
    with pytest.raises(FormulaError, match=r"^there is no function 'exp'; known are sigmoid$"):
        parse("exp(target)", NAMES, {"sigmoid": (1, 1)})


def attempt(text: str) -> None:
    """Whatever a text says, it is refused, stopped, or gives a value."""
    with contextlib.suppress(FormulaError):
        compile_expression(text, NAMES).evaluate(VALUES, SCALAR, steps=STEP_LIMIT // 20)


@settings(deadline=None)  # the steps are bounded, not the time on a machine under load
@given(st.text())
def test_any_text_is_refused_stopped_or_evaluated(text: str) -> None:
    attempt(text)


TOKENS = [
    *NAMES,
    *FUNCTIONS,
    *[
        "+",
        "-",
        "*",
        "/",
        "**",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ":",
        "=",
        "==",
        "<",
        "<=",
        "is",
        "not",
        "None",
        "and",
        "or",
        "if",
        "else",
        "for",
        "k",
        "in",
        "lambda",
    ],
    *[
        "0",
        "1",
        "2",
        "64",
        "65",
        "9999",
        "1e300",
        "1e-300",
        "0.5",
        "k",
        "k[0]",
        "range(9)",
        "range(4096)",
        "__import__",
        "'",
        "{",
    ],
    *["sum(k for k in range(4096)) [k*k for k in logits] 9**9**9", "x:=1)"],
]


@settings(deadline=None)  # the steps are bounded, not the time on a machine under load
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join))
def test_any_row_of_words_is_refused_stopped_or_evaluated(text: str) -> None:
    attempt(text)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    """A formula inside the grammar, whose kinds need not fit."""
    if depth == 0:
        return draw(st.sampled_from([*sorted(NAMES), "0", "2", "64", "0.5", "1e300", "-3"]))
    part = expressions(depth=depth - 1)
    form = draw(
        st.sampled_from(
            [
                "({a} + {b})",
                "({a} * {b})",
                "({a} / {b})",
                "({a} ** {b})",
                "({a} - {b})",
                "exp({a})",
                "log({a})",
                "sqrt({a})",
                "max({a}, {b})",
                "sum({a} for i{d} in range(64))",
                "[{a} for i{d} in {b}]",
                "len({a})",
                "prod({a})",
                "({a} if {b} < {c} else {c})",
                "({a} is None or not {b})",
                "{a}[{b}]",
                "xlogy({a}, {b})",
                "sorted({a})",
                "range({a})",
                "min({a})",
                "abs({a})",
                "prod({a} for i{d} in range(4096))",
            ]
        )
    )
    return form.format(a=draw(part), b=draw(part), c=draw(part), d=depth)


@settings(deadline=None)  # the steps are bounded, not the time on a machine under load
@given(expressions())
def test_any_expression_of_the_grammar_is_evaluated_or_stopped(text: str) -> None:
    attempt(text)
