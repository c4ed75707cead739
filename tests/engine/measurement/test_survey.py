"""Planted faults of a device, and what the measurement says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.measurement.comparison import Row, compared
from conformance.engine.measurement.survey import Plan, Reading, survey
from conformance.numerics.formats import FORMATS, ulp
from conformance.targets.profiles import Span, profile_of
from tests.engine.measurement.pretended import TORCH, honest, subject

PLAN = Plan(("float32",), 4000, 0)


def rows(spoil=honest, dtype="float32", declared=None, refused=frozenset()) -> dict[str, Row]:
    """By name; what is measured in one dtype."""
    asked = subject(spoil, declared, refused)
    found = [
        each for _, _, some in survey([asked], replace(PLAN, dtypes=(dtype,))) for each in some
    ]
    return {row.what: row for row in compared(found, asked.declared)}


def verdicts(found: dict[str, Row]) -> dict[str, str]:
    return {name: row.verdict for name, row in found.items() if row.verdict != "within"}


def off(function: str, low: float, high: float, count: float):
    """A function that is some ulp off in an interval."""

    def spoil(name, arguments, answer, dtype):
        if name != function:
            return answer
        hit = (arguments[0] >= low) & (arguments[0] <= high)
        return answer + np.where(hit, count * ulp(answer, FORMATS[dtype]), 0.0)

    return spoil


def flushing(name, arguments, answer, dtype):
    """Zero in place of every subnormal result and argument."""
    least = FORMATS[dtype].smallest_normal
    if any(((np.abs(x) < least) & (x != 0)).any() for x in arguments) and name == "log":
        answer = np.where(np.abs(arguments[0]) < least, -np.inf, answer)
    elif name == "multiply":
        answer = np.where(np.abs(arguments[0]) < least, 0.0, answer)
    return np.where(np.abs(answer) < least, 0.0, answer)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_a_device_that_rounds_once_is_within_the_profile_everywhere(dtype):
    assert verdicts(rows(dtype=dtype)) == {}


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_three_ulp_in_a_narrow_interval_are_found_where_every_number_is_tried(dtype):
    found = rows(off("exp", 1.0, 1.02, 3.0), dtype)
    assert verdicts(found) == {"exp": "beyond"}
    assert found["exp"].text.startswith("every number, worst at 1.0")


def test_three_ulp_of_float32_are_found_in_a_tenth_of_the_range_and_named_to_the_last_digit():
    found = rows(off("log1p", 0.5, 1.0, 3.0))
    assert verdicts(found) == {"log1p": "beyond"}
    assert found["log1p"].measured == pytest.approx(3.5, abs=0.02)
    assert found["log1p"].unit == "ulp of float32"


def test_flushing_to_zero_is_seen_and_is_no_error_of_the_functions():
    found = rows(flushing)
    assert verdicts(found) == {"flush_to_zero": "beyond", "denormals_are_zero": "beyond"}
    assert found["flush_to_zero"].text == "subnormal products and exponentials are zero"
    assert " flushed" in found["exp"].text
    assert "read as zero" in found["log"].text


def test_a_single_function_that_flushes_is_seen_as_its_error():
    def spoil(name, arguments, answer, dtype):
        least = FORMATS[dtype].smallest_normal
        return np.where(np.abs(answer) < least, 0.0, answer) if name == "tanh" else answer

    assert verdicts(rows(spoil)) == {"tanh": "beyond"}


def test_an_accumulator_of_16_bits_is_seen():
    def spoil(name, arguments, answer, dtype):
        if name != "mean":
            return answer
        rows_ = np.atleast_2d(arguments[0]).astype(dtype)
        with np.errstate(over="ignore"):
            total = np.cumsum(rows_, axis=-1, dtype=dtype)[:, -1] / rows_.dtype.type(
                rows_.shape[-1]
            )
        return total.reshape(answer.shape).astype(np.float64)

    found = rows(spoil, "float16")
    assert verdicts(found) == {"accumulator": "beyond"}
    assert found["accumulator"].measured == "float16"


def test_quotients_by_a_constant_that_are_products_are_seen():
    def spoil(name, arguments, answer, dtype):
        if name != "mean":
            return answer
        count = np.float32(arguments[0].shape[-1])
        product = arguments[0].sum(axis=-1).astype(np.float32) * (np.float32(1.0) / count)
        return product.astype(np.float64)

    assert verdicts(rows(spoil)) == {"constant_divisors": "beyond"}


def test_terms_that_are_added_one_after_the_other_are_seen():
    def spoil(name, arguments, answer, dtype):
        return np.cumsum(arguments[0], dtype=np.float32)[-1] if name == "sum" else answer

    assert verdicts(rows(spoil)) == {"summation": "beyond"}


def test_a_function_that_is_far_better_than_declared_is_slack_and_no_failure():
    declared = profile_of(TORCH).model_copy(
        update={"accuracy": {"float32": {"exp": 4.0}, "float64": {}}}
    )
    assert verdicts(rows(declared=declared)) == {"exp": "slack"}


def test_an_error_within_a_declared_span_is_no_error_elsewhere():
    span = Span(function="log", dtype="float32", low=2.0, high=3.0, ulp=10.0)
    declared = profile_of(TORCH).model_copy(update={"spans": (span,)})
    found = rows(off("log", 2.0, 3.0, 9.0), declared=declared)
    assert verdicts(found) == {}
    assert found["log in [2, 3]"].measured == pytest.approx(9.5, abs=0.05)
    assert verdicts(rows(off("log", 2.0, 3.5, 9.0), declared=declared)) == {"log": "beyond"}
    assert verdicts(rows(off("log", 2.0, 3.0, 11.0), declared=declared)) == {
        "log in [2, 3]": "beyond"
    }


def test_a_kernel_that_is_declared_in_its_storage_dtype_is_held_to_that():
    declared = profile_of(TORCH).model_copy(update={"stored": {"float16": {"expm1": 2.0}}})
    assert verdicts(rows(off("expm1", 0.5, 0.55, 1.0), "float16")) == {"expm1": "beyond"}
    assert verdicts(rows(off("expm1", 0.5, 0.55, 1.0), "float16", declared)) == {}
    assert verdicts(rows(off("expm1", 0.5, 0.55, 2.0), "float16", declared)) == {"expm1": "beyond"}


def test_nan_in_place_of_a_number_is_infinitely_far_off():
    def spoil(name, arguments, answer, dtype):
        return np.where(arguments[0] > 80.0, np.nan, answer) if name == "exp" else answer

    assert rows(spoil)["exp"].measured == np.inf


def test_what_a_target_does_not_do_is_told_with_what_it_said():
    found = rows(refused=frozenset({"tanh", "multiply"}))
    assert (found["tanh"].verdict, found["tanh"].text) == ("n/a", "TypeError: no tanh of float32")
    assert found["flush_to_zero"].verdict == "n/a"


def test_targets_share_their_inputs():
    pair = [subject(), subject()]
    found = [
        (of, each)
        for of, _, some in survey(pair, PLAN)
        for each in some
        if isinstance(each, Reading)
    ]
    first = [each for of, each in found if of is pair[0]]
    assert first == [each for of, each in found if of is pair[1]]
    assert len({each.function for each in first}) == 9
