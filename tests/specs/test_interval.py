"""Intervals are read as they are written in a textbook."""

import math

import pytest

from conformance.specs.interval import Interval


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("real", [0.0, -1e308], [math.inf, -math.inf, math.nan]),
        ("[0, 1]", [0.0, -0.0, 0.5, 1.0], [-5e-324, 1.1, math.nan]),
        ("(0, 1)", [0.5], [0.0, 1.0]),
        ("[0, inf)", [0.0, 1e308], [-1.0, math.inf]),
        ("(-inf, 0]", [0.0, -1e308], [5e-324, -math.inf]),
        ("[-inf, 0]", [-math.inf], [math.nan]),
    ],
)
def test_an_interval_contains_what_it_says(
    text: str, inside: list[float], outside: list[float]
) -> None:
    interval = Interval.parse(text)
    assert interval.text == text
    assert all(interval.contains(value) for value in inside)
    assert not any(interval.contains(value) for value in outside)


def test_class_indices_end_at_a_dim() -> None:
    interval = Interval.parse("[0, classes)")
    assert interval.high == "classes"
    assert [interval.contains(k, {"classes": 2}) for k in (-1, 0, 1, 2)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 to 1", "'0 to 1' is no interval; write real, [0, 1], [0, inf) or the like"),
        ("[0, 1, 2]", "'[0, 1, 2]' is no interval; write real, [0, 1], [0, inf) or the like"),
        ("[1, 0]", "the interval '[1, 0]' is empty; write the smaller end first"),
        ("[low, 1]", "'low' is no end of an interval; write a number or inf"),
        ("[nan, 1]", "nan is no end of an interval; write a number or inf"),
    ],
)
def test_what_is_no_interval_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Interval.parse(text)
    assert str(caught.value) == message
