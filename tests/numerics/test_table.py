"""The tables say of a number what rounding says, and never call faithful what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.numerics.classification import preliminary
from conformance.numerics.formats import FORMATS, round_to, to_bits
from conformance.numerics.table import table_of

TABLES = {name: table_of(FORMATS[name]) for name in ("float16", "bfloat16")}


def trial(dtype):
    """True values of every size, on and beside ties, and each number next to the rounded one."""
    form, table = FORMATS[dtype], TABLES[dtype]
    random = np.random.default_rng(7)
    value = table.value[np.isfinite(table.value)]
    tie = np.concatenate([table.low, table.high])
    tie = tie[np.isfinite(tie)]
    truth = np.concatenate([value, tie, np.nextafter(tie, np.inf), np.nextafter(tie, -np.inf)])
    drawn = random.choice([-1.0, 1.0], 50_000) * 2.0 ** random.uniform(-140, 130, 50_000)
    truth = np.concatenate([truth, drawn, [np.inf, -np.inf, form.overflow, -form.overflow]])
    bits = to_bits(round_to(truth, form), form).view(np.uint16)
    return table, truth, np.asarray(bits)


@pytest.mark.parametrize("dtype", TABLES)
def test_the_rounded_number_is_found_rounded_and_its_neighbours_are_not(dtype):
    table, truth, bits = trial(dtype)
    assert table.rounded(bits, truth).all()
    finite = np.isfinite(table.value[bits]) & (table.value[bits] != 0)
    for step in (1, -1):
        beside = (bits[finite].astype(np.int64) + step).astype(np.uint16)
        assert not table.rounded(beside, truth[finite]).any()


@pytest.mark.parametrize("dtype", TABLES)
def test_what_is_called_faithful_is_less_than_an_ulp_off(dtype):
    table, truth, bits = trial(dtype)
    for step in (-2, -1, 0, 1, 2):
        beside = (bits.astype(np.int64) + step).astype(np.uint16)
        found = table.faithful(beside, truth) & np.isfinite(truth)
        _, ulps = preliminary(table.value[beside[found]], truth[found], FORMATS[dtype])
        assert (ulps <= 1.0).all()  # below it, and rounded up to it where the truth is tiny
        assert (step != 0) or found[np.isfinite(truth)].all()


@pytest.mark.parametrize("dtype", TABLES)
@given(data=st.data())
def test_nan_is_never_a_rounding(dtype, data):
    table = TABLES[dtype]
    bits = data.draw(st.integers(0, 65_535))
    got = np.array([bits], dtype=np.uint16)
    assert not table.rounded(got, np.array([np.nan])).any()
    if np.isnan(table.value[bits]):
        assert not table.faithful(got, np.array([1.0])).any()
