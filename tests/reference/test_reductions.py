from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.reductions import reduce, spread

LOSSES = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]])
EXAMPLES = settings(max_examples=20, deadline=None)
WAYS = [
    {"reduction": reduction, "last_axis": last_axis, **more}
    for reduction in ("none", "sum", "mean", "batchmean")
    for last_axis in ("kept", "mean", "sum")
    for more in ({"rows": 2}, {"rows": 2, "divisor": 8.0})
]


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("none", LOSSES), ("sum", 24.0), ("mean", 4.0), ("batchmean", 12.0)],
)
def test_reductions_of_a_table(reduction, expected):
    assert np.array_equal(reduce(LOSSES, reduction, rows=2), expected)


@pytest.mark.parametrize(
    ("last_axis", "none", "total", "mean"),
    [("mean", [2.0, 6.0], 8.0, 4.0), ("sum", [6.0, 18.0], 24.0, 12.0)],
)
def test_the_last_axis_is_folded_first(last_axis, none, total, mean):
    assert np.array_equal(reduce(LOSSES, "none", last_axis=last_axis), none)
    assert reduce(LOSSES, "sum", last_axis=last_axis) == total
    assert reduce(LOSSES, "mean", last_axis=last_axis) == mean


def test_a_divisor_stands_in_for_the_count():
    assert reduce(LOSSES, "mean", divisor=48.0) == 0.5
    assert reduce(LOSSES, "sum", divisor=48.0) == 24.0


@pytest.mark.parametrize("way", WAYS, ids=str)
@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_spread_transposes_reduce(way, seed):
    """<cotangent, reduce(losses)> = <spread(cotangent), losses>, in whole numbers."""
    draw = np.random.default_rng(seed)
    losses = 24.0 * draw.integers(-9, 9, (2, 3))
    reduced = reduce(losses, **way)
    cotangent = 24.0 * draw.integers(-9, 9, np.shape(reduced))
    shares = spread(cotangent, shape=(2, 3), **way)
    assert shares.shape == (2, 3)
    assert np.sum(cotangent * reduced) == pytest.approx(np.sum(shares * losses), rel=1e-14)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_the_mean_of_nothing_is_nan_or_zero(shape):
    with np.errstate(invalid="ignore"):
        assert np.isnan(reduce(np.zeros(shape), "mean"))
        assert np.isnan(reduce(np.zeros(2), "mean", divisor=np.float64(0.0)))
        assert reduce(np.zeros(shape), "mean", empty_mean="zero") == 0.0
        assert reduce(np.zeros(shape), "sum") == 0.0


def test_nothing_is_folded_to_the_mean_of_nothing():
    with np.errstate(invalid="ignore"):
        assert np.isnan(reduce(np.zeros((2, 0)), "none", last_axis="mean")).all()
    assert np.array_equal(reduce(np.zeros((2, 0)), "none", last_axis="sum"), [0.0, 0.0])


def test_no_share_of_a_mean_that_is_zero_by_convention():
    with np.errstate(divide="ignore"):
        share = spread(np.array(1.0), "mean", (2,), divisor=np.array(0.0), empty_mean="zero")
    assert np.array_equal(share, [0.0, 0.0])


@pytest.mark.parametrize("reduction", ["average", "batchmean"])
def test_a_reduction_that_is_not_known_is_refused(reduction):
    """batchmean is known only to losses that count rows."""
    with pytest.raises(ValueError, match=f"reduction: '{reduction}' is not known here; use none"):
        reduce(LOSSES, reduction)
    with pytest.raises(ValueError, match=f"reduction: '{reduction}' is not known here; use none"):
        spread(np.array(1.0), reduction, (2, 3))
