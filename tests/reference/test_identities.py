"""Identities between the losses hold in the reference, to within the bounds of both sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conformance.numerics import IDEAL64, run_bounded
from reference import PROGRAMS, stable

LOSS = {name: program.value for name, program in PROGRAMS.items()}
SLOPE = {name: program.gradient for name, program in PROGRAMS.items()}
LOGITS = arrays(np.float64, (3, 4), elements=st.floats(-30.0, 30.0))
SCORES = arrays(np.float64, (3, 4), elements=st.floats(-9.0, 9.0))
SHARES = arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 0.125, 0.5, 0.75, 1.0]))
INDEX = arrays(np.int64, 3, elements=st.integers(0, 3))
EXAMPLES = settings(max_examples=40, deadline=None)
REDUCTION = st.sampled_from(["none", "sum", "mean"])


def same(left, right, *arguments):
    """Both sides, run on error-carrying arrays, may differ by the sum of their bounds."""
    a = run_bounded(left, IDEAL64, arguments, {})
    b = run_bounded(right, IDEAL64, arguments, {})
    assert a.shape == b.shape
    assert np.all(np.abs(a.value - b.value) <= a.bound + b.bound + 2.0**-1070)


@EXAMPLES
@given(LOGITS, INDEX, REDUCTION)
def test_cross_entropy_is_nll_of_log_softmax(logits, target, reduction):
    same(
        lambda x: LOSS["cross_entropy"](x, target, reduction=reduction),
        lambda x: LOSS["nll"](stable.log_softmax(x), target, reduction=reduction),
        logits,
    )


@EXAMPLES
@given(LOGITS, INDEX, st.sampled_from([0.0, 0.25]))
def test_one_hot_probabilities_are_class_indices(logits, target, smoothing):
    one_hot = np.eye(4)[target]
    options = {"label_smoothing": smoothing, "weight": np.array([1.0, 2.0, 0.5, 3.0])}
    options |= {"reduction": "none"}
    if smoothing:
        options.pop("weight")  # a weight of a class counts for its share of the smoothing too
    same(
        lambda x: LOSS["cross_entropy"](x, target, **options),
        lambda x: LOSS["cross_entropy_probabilities"](x, one_hot, **options),
        logits,
    )


@EXAMPLES
@given(SCORES, SHARES, REDUCTION)
def test_with_logits_is_binary_cross_entropy_of_sigmoid(logits, target, reduction):
    same(
        lambda x, t: LOSS["binary_cross_entropy_with_logits"](x, t, reduction=reduction),
        lambda x, t: LOSS["binary_cross_entropy"](stable.sigmoid(x), t, reduction=reduction),
        logits,
        target,
    )


@EXAMPLES
@given(LOGITS, SHARES)
def test_with_logits_is_cross_entropy_of_two_classes(logits, target):
    def two_classes(x, t):
        pair = np.concatenate([np.expand_dims(x, -1), np.expand_dims(0.0 * x, -1)], axis=-1)
        share = np.concatenate([np.expand_dims(t, -1), np.expand_dims(1.0 - t, -1)], axis=-1)
        return LOSS["cross_entropy_probabilities"](pair, share, reduction="none")

    same(
        lambda x, t: LOSS["binary_cross_entropy_with_logits"](x, t, reduction="none"),
        two_classes,
        logits,
        target,
    )


@EXAMPLES
@given(LOGITS, arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 1.0])))
def test_a_positive_weight_of_three_is_three_copies(logits, target):
    copies = np.where(target == 1.0, 3.0, 1.0)
    same(
        lambda x: LOSS["binary_cross_entropy_with_logits"](
            x, target, pos_weight=3.0, reduction="sum"
        ),
        lambda x: LOSS["binary_cross_entropy_with_logits"](
            x, target, weight=copies, reduction="sum"
        ),
        logits,
    )


@EXAMPLES
@given(LOGITS, st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4))
def test_divergence_is_cross_entropy_less_entropy(logits, raw):
    target = np.broadcast_to(np.array(raw) / np.sum(raw), (3, 4))

    def less_entropy(x, t):
        cross = LOSS["cross_entropy_probabilities"](x, t, reduction="sum")
        return cross + np.sum(stable.xlogy(t, t))

    same(
        lambda x, t: LOSS["kl_divergence"](stable.log_softmax(x), t, reduction="sum"),
        less_entropy,
        logits,
        target,
    )


@EXAMPLES
@given(arrays(np.float64, (3, 4), elements=st.floats(-20.0, 0.0)), SCORES)
def test_the_target_of_a_divergence_may_stand_in_either_space(log_target, scores):
    same(
        lambda q, t: LOSS["kl_divergence"](q, t, log_target=True, reduction="batchmean"),
        lambda q, t: LOSS["kl_divergence"](q, np.exp(t), reduction="batchmean"),
        -np.abs(scores),
        log_target,
    )


@EXAMPLES
@given(SHARES, SHARES)
def test_binary_cross_entropy_is_symmetric_under_complement(probabilities, target):
    """On numbers whose complement is exact the two sides are equal, infinities included."""
    left = LOSS["binary_cross_entropy"](probabilities, target, reduction="none")
    right = LOSS["binary_cross_entropy"](1.0 - probabilities, 1.0 - target, reduction="none")
    np.testing.assert_array_max_ulp(left, right, 2)


@EXAMPLES
@given(LOGITS, INDEX, st.floats(-100.0, 100.0))
def test_a_constant_added_to_all_logits_changes_nothing(logits, target, constant):
    same(
        lambda x: LOSS["cross_entropy"](x, target, reduction="none"),
        lambda x: LOSS["cross_entropy"](x + constant, target, reduction="none"),
        logits,
    )


@pytest.mark.parametrize("id", PROGRAMS)
def test_sum_is_n_means_and_none_reduced_by_hand(id):
    draw = np.random.default_rng(7)
    first = -np.abs(draw.standard_normal((3, 4)))
    index = id in ("nll", "cross_entropy")
    second = draw.integers(0, 4, 3) if index else draw.random((3, 4))
    if id == "binary_cross_entropy":
        first = -first / (1.0 - first)
    none = LOSS[id](first, second, reduction="none")
    total = LOSS[id](first, second, reduction="sum")
    np.testing.assert_allclose(total, none.sum(), rtol=1e-14)
    np.testing.assert_allclose(LOSS[id](first, second) * none.size, total, rtol=1e-14)
    slopes = SLOPE[id](first, second, np.array(1.0), reduction="sum")
    each = SLOPE[id](first, second, np.ones(none.shape), reduction="none")
    for name, slope in slopes.items():
        assert np.array_equal(slope, each[name])
