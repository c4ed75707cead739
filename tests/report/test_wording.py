from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report import wording


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.4999, "0.5"),
        (812.4, "812"),
        (4096.0, "4,096"),
        (1.25e9, "1.2×10⁹"),
        (3e-5, "3.0×10⁻⁵"),
        (math.nan, "∞"),
        (math.inf, "∞"),
    ],
)
def test_an_error_has_three_digits(error: float | None, text: str) -> None:
    assert wording.ulp(error) == text


def test_what_was_sampled_is_a_lower_limit() -> None:
    assert wording.at_least(812.0, "sampled n=10") == "≥ 812"
    assert wording.at_least(812.0, "exhaustive") == "≤ 812"
    assert wording.at_least(None, "sampled n=10") == "–"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.65, "65 %"),
        (0.996, "100 %"),
        (1.31, "131 %"),
        (12.4, "12.4×"),
        (math.nan, "∞"),
        (None, "–"),
    ],
)
def test_a_share_is_a_percentage_until_it_is_a_factor(fraction: float | None, text: str) -> None:
    assert wording.share(fraction) == text


def test_something_is_never_nothing_and_most_is_never_all() -> None:
    assert wording.percent(1, 1_000_000) == "<0.1"
    assert wording.percent(999_999, 1_000_000) == "99.9"
    assert wording.percent(5, 5) == "100"
    assert wording.percent(0, 0) == "0"


def test_a_recorded_value_reads_back() -> None:
    assert wording.value(0.1) == "0.1"
    assert wording.value(-0.0) == "-0.0"
    assert wording.value((1.0, math.inf, math.nan)) == "[1.0, inf, nan]"
    assert wording.value(tuple(range(20))).endswith("10, 11, … 8 more]")
    assert wording.value({"a": True, "b": None}) == "a=true, b=–"


def test_reordering_and_control_characters_are_spelled_out() -> None:
    assert wording.visible("a\u202eb\x1b[31m\x00") == "a\\u202eb\\u001b[31m\\u0000"
    assert wording.visible("line\nline\tok") == "line\nline\tok"
    assert wording.visible("שלום 🧪") == "שלום 🧪"
    assert wording.visible("\ud800") == "?"


def test_long_text_says_how_much_is_left_out() -> None:
    assert wording.visible("x" * 2_500).endswith("x… (500 more characters in the results file)")
    assert wording.short("x" * 99, 10) == "x" * 9 + "…"


@given(st.text())
def test_visible_text_is_printable_or_plain_space(text: str) -> None:
    shown = wording.visible(text)
    assert not any(ord(character) < 32 and character not in "\n\t" for character in shown)
    shown.encode()
