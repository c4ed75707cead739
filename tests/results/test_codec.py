from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.results.codec import Mismatch, decode, encode
from conformance.results.schema import Cell, End, Input, Row, Worst

CELL = {
    "loss": "l1",
    "property": "value",
    "target": "torch@cpu",
    "dtype": "float32",
    "verdict": "pass",
}


def test_a_record_is_the_same_after_a_round_trip_through_json() -> None:
    row = Row("value:l1/float32/s1", "pass", "faithful", 0.7, math.inf, None)
    worst = Worst(math.nan, None, "c", {"x": (1.0, -math.inf)}, {"x": None}, 0.5, "none")
    cell = Cell(**CELL, rows=(row,), worst=worst)
    again = decode(Cell, json.loads(json.dumps(encode(cell), allow_nan=False)))
    assert again.rows == (row,)
    assert again.worst is not None
    assert math.isnan(again.worst.ulp)
    assert again.worst.inputs == {"x": (1.0, -math.inf)}


@given(st.floats())
def test_every_float_survives(number: float) -> None:
    record = encode(End(cells=0, seconds=number, exit=0, verdict=""))
    again = decode(End, json.loads(json.dumps(record, allow_nan=False))).seconds
    assert again == number or (math.isnan(again) and math.isnan(number))
    assert math.copysign(1, again) == math.copysign(1, number) or math.isnan(number)


def test_the_word_in_is_a_key_though_python_keeps_it() -> None:
    assert decode(Input, {"shape": "*batch", "in": "[0, 1]"}).interval == "[0, 1]"
    assert encode(Input("*batch", "real"))["in"] == "real"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "green"}, "verdict: found 'green'; would be one of pass, known, xpass"),
        ({"cases": "7"}, "cases: found '7'; would be a whole number"),
        ({"cases": True}, "cases: found True; would be a whole number"),
        ({"bias_ulp": "much"}, "bias_ulp: found 'much'; would be a number, NaN"),
        ({"los": 1}, "unknown key 'los'; keys are loss, property"),
        ({"classes": {"fine": 1}}, "found 'fine'; would be one of exact special"),
        ({"rows": [["a", "pass"]]}, "rows.0: found ['a', 'pass']; would be a list of case"),
        (
            {"rows": [["a", "pass", None, 0, 0, None], ["a", "pass", None, {}, 0, None]]},
            "rows.1.ulp: found {}; would be a number",
        ),
        ({"points": 3}, "points: found 3; would be a list"),
        ({"worst": {}}, "worst: the key 'actual' is missing"),
    ],
)
def test_what_is_off_is_named_with_its_path(change: dict[str, object], message: str) -> None:
    with pytest.raises(Mismatch) as error:
        decode(Cell, {**CELL, **change})
    assert message in str(error.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(Mismatch, match="the key 'loss' is missing; required are dtype, loss"):
        decode(Cell, {key: text for key, text in CELL.items() if key != "loss"})


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(Mismatch, match="found set"):
        encode({1, 2})
