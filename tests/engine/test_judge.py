from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases.drawing import strategy
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.judge import Judgement, judge
from conformance.engine.standard import Indices, Limits
from conformance.numerics.classification import Class
from conformance.numerics.formats import FORMATS, round_to, ulp
from tests.engine.honest import LOSSES, block, case

F32 = FORMATS["float32"]
ELEMENTWISE = st.one_of(
    *(strategy(LOSSES[name], "float32", largest=64) for name in ("l1", "mse", "cross_entropy"))
)


def judged(text: str, actual: np.ndarray | None = None, at: int = 0, by: float = 1.0) -> Judgement:
    """The rounded truth, one element of it multiplied, or other numbers."""
    asked = case(text)
    held = block(asked.loss, asked.dtype).held(asked)
    answer = round_to(held.value(), held.form).reshape(-1) if actual is None else actual
    answer[at] *= by
    return judge(answer, held.value(), held.form, held.value_limits_at)


TEXT = "mse/float32/typical/33/none/-/s3"


@settings(max_examples=60)
@given(ELEMENTWISE)
def test_the_rounded_truth_never_fails(recipe: Recipe) -> None:
    asked = build(recipe, LOSSES[recipe.loss])
    held = block(recipe.loss).held(asked)
    found = judge(round_to(held.value(), F32), held.value(), F32, held.value_limits_at)
    assert not found.failed.size


@settings(max_examples=60)
@given(ELEMENTWISE, st.integers(0, 63), st.sampled_from([0.5, 2.0, -1.0, np.nan]))
def test_a_factor_never_passes_where_the_loss_is_well_conditioned(
    recipe: Recipe, place: int, by: float
) -> None:
    asked = build(recipe, LOSSES[recipe.loss])
    held = block(recipe.loss).held(asked)
    expected = held.value().reshape(-1)
    answer = round_to(expected, F32)
    if not expected.size:
        return
    at = place % expected.size
    limits = held.value_limits_at(np.array([at]))
    with np.errstate(all="ignore"):
        clear = abs(float(expected[at])) > 8 * float(limits.own.bound[0] + limits.truth().bound[0])
    excused = np.isnan(by) and limits.own.overflow[0]  # an intermediate may be past the range
    if clear and not excused and 1e-30 < abs(expected[at]) < 1e38:
        answer[at] *= by
        assert judge(answer, expected, F32, held.value_limits_at).failed.tolist() == [at]


def test_the_failed_element_is_the_worst_one() -> None:
    found = judged(TEXT, at=12, by=1.01)
    assert found.failed.tolist() == [12]
    assert found.worst == 12
    assert Class(int(found.classes[12])) in (Class.EXCEEDS, Class.WRONG)


def test_a_little_past_the_bound_exceeds_and_far_past_it_is_wrong() -> None:
    asked = case(TEXT)
    held = block("mse").held(asked)
    truth = held.value()
    bound = held.value_limits_at(np.arange(33)).own.bound
    for times, expected in ((3.0, Class.EXCEEDS), (100.0, Class.WRONG)):
        off = round_to(truth + times * bound + ulp(truth, F32), F32)
        found = judge(off, truth, F32, held.value_limits_at)
        assert set(found.classes[found.ulps > 1].tolist()) == {int(expected)}


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_special_value_for_a_number_is_wrong(number: float) -> None:
    asked = case(TEXT)
    answer = round_to(block("mse").held(asked).value(), F32)
    answer[3] = number
    assert judged(TEXT, answer).failed.tolist() == [3]


def test_bounds_are_not_computed_where_everything_is_correctly_rounded() -> None:
    asked = case(TEXT)
    held = block("mse").held(asked)

    def never(elements: np.ndarray) -> object:
        pytest.fail("no bound decides anything here")

    found = judge(round_to(held.value(), F32), held.value(), F32, never)  # type: ignore[arg-type]
    assert not found.failed.size


@pytest.mark.parametrize(
    "text", ["mse/float32/tails/33/none/weight=typical/s3", "nll/float32/tails/17x3c/none/-/s3"]
)
def test_limits_of_a_few_elements_are_those_of_the_whole(text: str) -> None:
    asked = case(text)
    held = block(asked.loss).held(asked)
    whole = held.value_limits_at(np.arange(held.value().size))
    few = np.array([2, 5, 11])
    part = held.value_limits_at(few)
    pairs = [
        (part.own, whole.own), (part.ideal, whole.ideal), (part.truth(), whole.truth()),
    ]  # fmt: skip
    for found, expected in pairs:
        np.testing.assert_array_equal(found.bound, expected.bound[few])


@pytest.mark.parametrize("name", ["prediction", "target"])
def test_limits_of_a_few_gradients_are_those_of_the_whole(name: str) -> None:
    asked = case("mse/float32/tails/33/none/weight=typical/s3")
    held = block("mse").held(asked)
    limits_at = held.gradient_limits_at(name, asked.cotangent_for((33,)))
    few = np.array([2, 5, 11])
    np.testing.assert_array_equal(limits_at(few).own.bound, limits_at(np.arange(33)).own.bound[few])


def test_an_empty_array_is_judged() -> None:
    found = judge(np.empty(0), np.empty(0), F32, lambda elements: pytest.fail("no bound"))
    assert not found.failed.size
    assert found.worst is None


def test_the_references_own_error_is_asked_for_where_it_may_decide() -> None:
    asked = case("mse/float32/typical/33/none/weight=typical/s3")
    held = block("mse").held(asked)
    expected = held.value()
    asks: list[int] = []

    def limits_at(elements: Indices) -> Limits:
        limits = held.value_limits_at(elements)
        return replace(limits, truth=lambda: asks.append(elements.size) or limits.truth())

    bound = held.value_limits_at(np.arange(33)).own.bound
    at = int(np.argmax(bound / ulp(expected, F32)))
    assert 0.9 * bound[at] > ulp(expected, F32)[at]  # so that a bound decides
    slightly = np.where(np.arange(33) == at, expected + 0.9 * bound, expected)
    judge(slightly, expected, F32, limits_at)
    assert not asks  # what passes without it passes
    wrong = np.where(np.arange(33) == at, 2 * expected, expected)
    assert judge(wrong, expected, F32, limits_at).failed.tolist() == [at]
    assert asks
