from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from conformance.oracle import PrecisionError, derivatives, distances, evaluate, midpoints
from tests.oracle.losses import FOLDS, REAL, SCORES, absolute, cross_entropy, loss_of, square


def pair(*shape, seed=0):
    draw = np.random.default_rng(seed)
    return {"a": draw.standard_normal(shape), "b": draw.standard_normal(shape)}


def test_cross_entropy_of_far_logits_is_enclosed_to_the_last_bit():
    """The literal log(sum(exp)) needs |x| / log 2 bits more than the result."""
    logits = np.array([[0.0, -700.0], [1e4, -1e4], [-1.7e308, 1.7e308], [40.0, 0.0]])
    enclosed = evaluate(
        cross_entropy(), {"logits": logits, "target": np.array([0, 1, 1, 0])}, {}, "none"
    )
    expected = [math.exp(-700.0), 2e4, 0.0, math.log1p(math.exp(-40.0))]
    np.testing.assert_array_max_ulp(midpoints(enclosed), np.array(expected), 2)
    assert all(each.settled() for each in enclosed)


def test_a_masked_class_has_softmax_zero():
    inputs = {"logits": np.array([[0.0, -math.inf, 0.0]]), "target": np.array([0])}
    assert midpoints(evaluate(cross_entropy(), inputs, {}, "none")) == math.log(2)
    slopes = midpoints(derivatives(cross_entropy(), inputs, {}, "none")["logits"])
    assert np.array_equal(slopes, [[-0.5, 0.0, 0.5]])


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("none", [1.0, 4.0, 9.0]), ("sum", 14.0), ("mean", 14.0 / 3), ("batchmean", 14.0 / 3)],
)
def test_reductions_divide_the_sum(reduction, expected):
    inputs = {"a": np.array([1.0, 2.0, 3.0]), "b": np.zeros(3)}
    actual = midpoints(evaluate(square(), inputs, {}, reduction))
    assert actual.shape == np.shape(expected)
    assert np.array_equal(actual, expected)


def test_batchmean_divides_by_the_rows_alone():
    inputs = {"a": np.ones((2, 3)), "b": np.zeros((2, 3))}
    assert midpoints(evaluate(square(), inputs, {}, "batchmean")) == 3.0


@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "batchmean"])
@pytest.mark.parametrize("last_axis", ["kept", "mean", "sum"])
def test_derivatives_transpose_the_reduction(reduction, last_axis):
    """The slopes are the differences of the reduced value, taken with many bits."""
    loss, inputs = square(conventions={"last-axis": FOLDS}), pair(2, 3)
    choices, step = {"last-axis": last_axis}, 2.0**-40
    value = evaluate(loss, inputs, {}, reduction, choices)
    cotangent = np.random.default_rng(1).standard_normal(value.shape)
    slopes = derivatives(loss, inputs, {}, reduction, choices, cotangent)
    for index in np.ndindex(2, 3):
        moved = inputs["a"].copy()
        moved[index] += step
        other = evaluate(loss, {**inputs, "a": moved}, {}, reduction, choices)
        rise = [float(b.ball - a.ball) for a, b in zip(value.ravel(), other.ravel(), strict=True)]
        difference = np.sum(cotangent.ravel() * rise) / (moved[index] - inputs["a"][index])
        assert difference == pytest.approx(slopes["a"][index].midpoint, rel=1e-9, abs=1e-9)


def test_a_sample_has_no_influence_on_another():
    cotangent = np.array([1.0, 0.0, 0.0])
    slopes = derivatives(square(), pair(3), {}, "none", None, cotangent)
    assert midpoints(slopes["a"])[0] != 0.0
    assert all(each.ball.is_zero() for each in slopes["a"][1:])


def test_the_divisor_takes_part_in_the_derivative():
    """The mean weighted by the input itself: d/da_i of sum(a^2) / sum(a)."""
    weighted = {"none": {}, "mean": {"divide_by": {"sum_of": "a"}}}
    loss, a = loss_of("a * a", {"a": REAL}, reductions=weighted), np.array([1.0, 2.0, 4.0])
    actual = midpoints(derivatives(loss, {"a": a}, {}, "mean")["a"])
    np.testing.assert_array_max_ulp(actual, 2 * a / a.sum() - (a**2).sum() / a.sum() ** 2, 4)


@pytest.mark.parametrize(("choice", "expected"), [("nan", math.nan), ("zero", 0.0)])
def test_the_mean_of_nothing_is_what_the_convention_says(choice, expected):
    loss = square(
        conventions={"empty-mean": {"default": "nan", "choices": {"nan": {}, "zero": {}}}}
    )
    empty = {"a": np.zeros((0, 3)), "b": np.zeros((0, 3))}
    actual = evaluate(loss, empty, {}, "mean", {"empty-mean": choice})
    assert np.array_equal(midpoints(actual), expected, equal_nan=True)
    assert derivatives(loss, empty, {}, "mean", {"empty-mean": choice})["a"].shape == (0, 3)


def test_an_argument_of_a_choice_is_the_float_that_was_written():
    floor = {
        "default": "exact",
        "choices": {"exact": {}, "floor(low)": {"let": {"v": "max(a, low)"}}},
    }
    loss = loss_of("v - 0.1", {"a": REAL}, let={"v": "a"}, conventions={"log-of-zero": floor})
    choices = {"log-of-zero": "floor(0.1)"}
    [actual] = midpoints(evaluate(loss, {"a": np.array([-1.0])}, {}, "none", choices))
    assert actual == pytest.approx(5.551115123125783e-18)  # the double 0.1 less the decimal


def test_a_declared_gradient_stands_in_for_the_derivative():
    declared = {
        "default": "value(0)",
        "choices": {"value(v)": {"gradient": {"a": "v if a == b else 7"}}},
    }
    loss = absolute(conventions={"gradient-at-kink": declared})
    inputs = {"a": np.array([1.0, 2.0]), "b": np.array([1.0, 0.0])}
    slopes = derivatives(
        loss, inputs, {}, "sum", {"gradient-at-kink": "value(0.25)"}, np.array(2.0)
    )
    assert np.array_equal(midpoints(slopes["a"]), [0.5, 14.0])
    assert not slopes["a"][0].kink
    assert slopes["b"][0].kink


def test_a_declared_gradient_by_class_is_a_list():
    doubled = {
        "default": "twice",
        "choices": {"twice": {"gradient": {"x": "[2 * k for k in range(classes)]"}}},
    }
    loss = loss_of("sum(x)", {"x": SCORES}, conventions={"gradient-at-kink": doubled})
    slopes = derivatives(loss, {"x": np.ones((2, 3))}, {}, "sum")
    assert np.array_equal(midpoints(slopes["x"]), [[0.0, 2.0, 4.0]] * 2)


def test_a_kink_gives_the_interval_of_subgradients():
    inputs = {"a": np.array([1.0, 3.0]), "b": np.array([1.0, 2.0])}
    slopes = derivatives(absolute(), inputs, {}, "mean")
    assert [each.kink for each in slopes["a"]] == [True, False]
    assert np.array_equal(distances(slopes["a"], np.array([0.25, 0.5])), [0.0, 0.0])
    assert slopes["a"][0].distance(0.75) > 0.2


def test_parameters_broadcast_over_the_batch_from_the_last_axis():
    parameters = {"weight": {"shape": "*batch", "in": "[0, inf)"}}
    loss = loss_of("weight * a", {"a": REAL}, parameters=parameters)
    weighed = evaluate(loss, {"a": np.ones((2, 3))}, {"weight": np.array([1.0, 2.0, 3.0])}, "none")
    assert np.array_equal(midpoints(weighed), [[1.0, 2.0, 3.0]] * 2)


@pytest.mark.parametrize("last_axis", ["mean", "sum"])
def test_a_divisor_over_the_samples_is_folded_like_a_mean(last_axis):
    """Rows of losses, folded first, are then divided by the weight of a row."""
    weighted = {"none": {}, "mean": {"divide_by": {"sum_of": "weight"}}}
    loss = loss_of(
        "weight * a",
        {"a": REAL},
        parameters={"weight": {"shape": "*batch", "in": "[0, inf)"}},
        reductions=weighted,
        conventions={"last-axis": FOLDS},
    )
    given, choices = {"weight": np.full((2, 3), 5.0)}, {"last-axis": last_axis}
    value = midpoints(evaluate(loss, {"a": np.full((2, 3), 7.0)}, given, "mean", choices))
    assert value == {"mean": 7.0, "sum": 21.0}[last_axis]


def test_a_fraction_is_taken_exactly():
    loss = loss_of("(a - b) * 10 - 2", {"a": REAL, "b": REAL})
    exact = {"a": np.array([Fraction(6, 5)]), "b": np.array([Fraction(1)])}
    assert abs(evaluate(loss, exact, {}, "none")[0].midpoint) < 1e-300
    assert evaluate(loss, {"a": np.array([1.2]), "b": np.ones(1)}, {}, "none")[0].midpoint != 0.0


def test_precision_rises_until_a_cancelling_sum_is_small():
    inputs = {"a": np.array([1e200, 1.0, -1e200])}
    loss = loss_of("a + log(2) - log(2)", {"a": REAL})
    assert midpoints(evaluate(loss, inputs, {}, "sum")) == 1.0


def test_a_choice_that_no_precision_decides_is_an_error():
    loss = loss_of("a if log(exp(a)) == a else 0", {"a": REAL})
    with pytest.raises(PrecisionError, match="at 8192 bits still"):
        evaluate(loss, {"a": np.array([1.5])}, {}, "none")


def test_inputs_of_different_batches_are_refused():
    with pytest.raises(ValueError, match=r"the shapes are a \(2,\), b \(3,\); one batch is needed"):
        evaluate(square(), {"a": np.ones(2), "b": np.ones(3)}, {}, "none")


def test_a_cotangent_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"cotangent: the shape is \(2,\); it must be \(\)"):
        derivatives(square(), pair(2), {}, "mean", None, np.ones(2))


def test_an_axis_that_is_not_there_cannot_be_folded():
    loss = square(conventions={"last-axis": FOLDS})
    with pytest.raises(ValueError, match="there is no last axis to take the mean of"):
        evaluate(loss, {"a": np.array(1.0), "b": np.array(0.0)}, {}, "none", {"last-axis": "mean"})


def test_a_batch_of_no_axes_is_one_sample():
    assert (
        midpoints(evaluate(square(), {"a": np.array(3.0), "b": np.array(1.0)}, {}, "mean")) == 4.0
    )
    inputs = {"logits": np.zeros(4), "target": np.array(2)}
    assert midpoints(evaluate(cross_entropy(), inputs, {}, "mean")) == math.log(4)
    assert derivatives(cross_entropy(), inputs, {}, "mean")["logits"].shape == (4,)


def test_an_infinite_share_of_nothing_is_nan():
    """The divisor is zero; one slope cancels to nothing, the other does not."""
    weighted = {"none": {}, "mean": {"divide_by": {"sum_of": "0 * a"}}}
    loss = loss_of("log(2 + a) - log(2 + a) + b", {"a": REAL, "b": REAL}, reductions=weighted)
    slopes = derivatives(loss, {"a": np.ones(1), "b": np.ones(1)}, {}, "mean")
    assert np.isnan(slopes["a"][0].midpoint)
    assert slopes["b"][0].midpoint == math.inf


def test_losses_of_one_name_are_not_taken_for_each_other():
    inputs = {"a": np.array([3.0]), "b": np.array([1.0])}
    assert midpoints(evaluate(absolute(), inputs, {}, "none")) == 2.0
    assert midpoints(evaluate(square(), inputs, {}, "none")) == 4.0
