from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.choices import Choice, parse

EXAMPLES = settings(max_examples=50, deadline=None)


def test_a_name_alone_has_no_argument():
    name, argument = parse("by-weight", "by-weight", "by-count")
    assert name == "by-weight"
    assert math.isnan(argument)


@EXAMPLES
@given(st.floats(allow_nan=False))
def test_the_argument_is_the_float_that_is_written(value):
    assert parse(f"floor({value!r})", "exact", "floor(value)") == Choice("floor", value)


@pytest.mark.parametrize(
    "text",
    ["", "exactly", "floor", "exact(1)", "Exact", "floor()", "floor(1", "shift(1)", "exact "],
)
def test_a_choice_of_another_form_is_refused(text):
    with pytest.raises(ValueError, match=r"is not known; write one of exact, floor\(value\)"):
        parse(text, "exact", "floor(value)")


def test_an_argument_that_is_no_number_is_refused():
    message = r"choice: 'low' in 'floor\(low\)' is no number; write a float"
    with pytest.raises(ValueError, match=message):
        parse("floor(low)", "floor(value)")
