"""Sweeps hold every legal value of one input, and a grid of the other."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.cases.exhaustive import DTYPES, Sweeps, grid_of, unsuited, values_of
from conformance.numerics.formats import FORMATS, representable, to_bits
from conformance.numerics.table import values_by_pattern
from conformance.specs.library import load_library

LOSSES = load_library().losses
ELEMENTWISE = [
    "l1", "mse", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_divergence",
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_pattern_that_is_a_number_occurs_once(dtype):
    form = FORMATS[dtype]
    found = values_by_pattern(form)
    kept = ~np.isnan(found)
    bits = to_bits(found[kept], form).view(np.uint16)
    assert np.array_equal(bits, np.flatnonzero(kept))
    assert found.size == 65_536
    assert np.sum(~kept) == 2 * (2 ** (form.precision - 1) - 1)


@pytest.mark.parametrize(
    ("loss", "name", "parameters", "count"),
    [
        ("l1", "prediction", {}, 65_536 - 2 * 1023 + 1),
        ("binary_cross_entropy", "probabilities", {}, 0x3C00 + 2),
        ("kl_divergence", "log_probabilities", {}, 0x7C00 + 2),
        ("kl_divergence", "target", {}, 0x3C00 + 2),
        ("kl_divergence", "target", {"log_target": True}, 0x7C00 + 2 + 1),
    ],
)
def test_all_legal_values_of_float16_are_swept(loss, name, parameters, count):
    found = values_of(LOSSES[loss], name, parameters, FORMATS["float16"])
    assert abs(found.size - count) <= 1  # one NaN, where the input takes any size
    assert np.unique(found[found != 0]).size >= found.size - 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_the_grid_is_legal_and_holds_the_ends_and_their_neighbours(loss, dtype):
    form = FORMATS[dtype]
    for name, given in LOSSES[loss].inputs.items():
        grid = grid_of(LOSSES[loss], name, {}, form)
        domain = given.domain()
        assert all(domain.contains(each) for each in grid)
        assert representable(np.array(grid), form).all()
        assert len({each.hex() for each in grid}) == len(grid) > 10
        assert {0.0, form.smallest_subnormal} <= {abs(each) for each in grid}
        if domain.high == 1.0:
            assert {0.5, 1.0, 1.0 - form.unit_roundoff} <= set(grid)


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_each_input_is_swept_against_each_value_of_the_grid(loss):
    cases = list(Sweeps(LOSSES[loss], "bfloat16").cases())
    assert len({case.id for case in cases}) == len(cases)
    for name in LOSSES[loss].inputs:
        assert any(f"/every/{name}/" in case.id for case in cases)
    assert all(array.ndim == 1 for case in cases for array in case.inputs.values())


def test_losses_with_classes_and_wide_dtypes_are_not_swept():
    assert unsuited(LOSSES["cross_entropy"], "float16").startswith("not elementwise")
    assert unsuited(LOSSES["l1"], "float32").startswith("float32 has too many values")
    assert all(unsuited(LOSSES[loss], dtype) == "" for loss in ELEMENTWISE for dtype in DTYPES)
