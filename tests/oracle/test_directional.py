"""Derivatives along a direction, against what calculus says of small losses."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.oracle import derivatives, directional, midpoints
from conformance.specs.library import load_library
from tests.oracle.losses import FOLDS, REAL, SCORES, absolute, cross_entropy, loss_of, square

LOSSES = load_library().losses


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def test_a_square_has_twice_the_difference_of_the_tangents() -> None:
    draw = np.random.default_rng(1)
    a, b, va, vb, along = draw.standard_normal((5, 4))
    found = directional(square(), {"a": a, "b": b}, {}, {"a": va, "b": vb}, "none", None, along)
    np.testing.assert_allclose(midpoints(found.forward), 2 * (a - b) * (va - vb), rtol=1e-13)
    for name, sign in (("a", 1.0), ("b", -1.0)):
        expected = sign * 2 * along * (va - vb)
        np.testing.assert_allclose(midpoints(found.second[name]), expected, rtol=1e-13)


def test_a_one_hot_direction_gives_a_column_of_the_softmax_s_hessian() -> None:
    logits, target = np.array([[0.5, -1.0, 2.0]]), np.array([1])
    p = softmax(logits)[0]
    for place in range(3):
        hot = np.eye(3)[place][None]
        given = {"logits": logits, "target": target}
        found = directional(cross_entropy(), given, {}, {"logits": hot}, "sum")
        column = p * (np.eye(3)[place] - p[place])
        np.testing.assert_allclose(midpoints(found.second["logits"])[0], column, rtol=1e-12)
        slope = p[place] - (place == 1)
        np.testing.assert_allclose(midpoints(found.forward), slope, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "batchmean"])
@pytest.mark.parametrize("fold", ["kept", "mean", "sum"])
def test_the_forward_derivative_is_the_gradient_times_the_tangents(
    reduction: str, fold: str
) -> None:
    loss = loss_of(
        "(a - b) ** 2 * exp(a)", {"a": REAL, "b": REAL}, conventions={"last-axis": FOLDS}
    )
    draw = np.random.default_rng(2)
    a, b, va, vb = draw.standard_normal((4, 2, 3))
    choices, given, tangents = {"last-axis": fold}, {"a": a, "b": b}, {"a": va, "b": vb}
    found = directional(loss, given, {}, tangents, reduction, choices)
    slopes = derivatives(loss, given, {}, reduction, choices)
    products = midpoints(slopes["a"]) * va + midpoints(slopes["b"]) * vb
    expected = products
    if reduction != "none":
        expected = products.sum()
    elif fold != "kept":
        expected = products.sum(axis=-1)
    np.testing.assert_allclose(midpoints(found.forward), expected, rtol=1e-12)


@pytest.mark.parametrize("name", [*LOSSES])
def test_the_hessian_is_symmetric(name: str) -> None:
    """u H v = v H u, of mixed second derivatives too."""
    loss, draw = LOSSES[name], np.random.default_rng(3)
    inputs, u, v = {}, {}, {}
    for each, spec in loss.inputs.items():
        shape = (2, 3) if "classes" in spec.shape else (2,)
        if spec.kind == "class_index":
            inputs[each] = np.array([0, 2])
            continue
        inputs[each] = draw.uniform(0.1, 0.9, shape)
        u[each], v[each] = draw.standard_normal((2, *shape))
    moved = [directional(loss, inputs, {}, each, "sum").second for each in (u, v)]
    one = sum(float((v[each] * midpoints(moved[0][each])).sum()) for each in u)
    other = sum(float((u[each] * midpoints(moved[1][each])).sum()) for each in u)
    assert one == pytest.approx(other, rel=1e-12, abs=1e-14)


def test_a_target_of_zero_that_moves_has_a_mixed_derivative() -> None:
    """y log p is flat in p at y = 0, and its slope by p moves with y: by -1 / p - 1 / (1 - p)."""
    given = {"probabilities": np.array([0.25]), "target": np.array([0.0])}
    tangents = {"probabilities": np.array([0.0]), "target": np.array([1.0])}
    found = directional(LOSSES["binary_cross_entropy"], given, {}, tangents, "none")
    expected = -1 / 0.25 - 1 / 0.75
    assert midpoints(found.second["probabilities"])[0] == pytest.approx(expected, rel=1e-14)


def test_a_kink_is_marked() -> None:
    given, tangents = {"a": np.zeros(2), "b": np.array([0.0, 1.0])}, {"a": np.ones(2)}
    found = directional(absolute(), given, {}, {**tangents, "b": np.zeros(2)}, "none")
    assert [each.kink for each in found.second["a"]] == [True, False]
    assert [each.kink for each in found.forward] == [True, False]


def test_what_is_not_finite_has_no_rate() -> None:
    """A weight of zero divides a mean by zero: its derivatives are no number, and not zero."""
    loss = LOSSES["mse"]
    given = {"prediction": np.ones(2), "target": np.zeros(2)}
    tangents = {"prediction": np.ones(2), "target": np.zeros(2)}
    found = directional(loss, given, {"weight": np.zeros(2)}, tangents, "mean")
    assert np.isnan(midpoints(found.second["prediction"])).all()


def test_a_cotangent_of_another_shape_is_refused() -> None:
    given = {"a": np.ones(2), "b": np.zeros(2)}
    with pytest.raises(ValueError, match=r"cotangent: the shape is \(3,\); it must be \(2,\)"):
        directional(square(), given, {}, given, "none", None, np.ones(3))


def test_scores_move_class_by_class() -> None:
    loss = loss_of("sum(x ** 3 for x in a)", {"a": SCORES})
    a, v = np.array([[1.0, 2.0]]), np.array([[0.5, -1.0]])
    found = directional(loss, {"a": a}, {}, {"a": v}, "none")
    np.testing.assert_allclose(midpoints(found.second["a"]), 6 * a * v, rtol=1e-14)
