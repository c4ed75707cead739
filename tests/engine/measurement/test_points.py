from __future__ import annotations

import numpy as np
import pytest

from conformance.engine.measurement.functions import FUNCTIONS
from conformance.engine.measurement.points import points_of
from conformance.numerics.formats import FORMATS, representable


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_number_of_a_16_bit_format_is_tried(name):
    form = FORMATS[name]
    found = points_of(FUNCTIONS["tanh"], form, 1, 0)
    finite = 2 * ((form.emax - form.emin + 2) * 2 ** (form.precision - 1) - 1)
    assert (found.exhaustive, found.count, np.unique(found.arguments[0]).size) == (
        True, finite, finite,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda each: each.name)
def test_a_sample_lies_in_the_domain_and_the_format_and_is_the_same_every_time(function, name):
    form = FORMATS[name]
    found, again = (points_of(function, form, 3200, 7) for _ in range(2))
    low, high = function.domain(form)
    first = found.arguments[0]
    assert not found.exhaustive
    assert ((first >= low) & (first <= high) & (first != 0)).all()
    assert all(representable(each, form).all() for each in found.arguments)
    assert all(map(np.array_equal, found.arguments, again.arguments))


def test_a_sample_has_subnormals_both_signs_and_all_exponents():
    form = FORMATS["float32"]
    found = points_of(FUNCTIONS["tanh"], form, 20_000, 0).arguments[0]
    assert (np.abs(found) < form.smallest_normal).sum() > 500
    assert (found < 0).sum() > 5000
    assert set(np.frexp(np.abs(found[np.abs(found) >= form.smallest_normal]))[1]) >= set(
        range(-125, 129)
    )


def test_the_neighbours_of_thresholds_are_tried():
    found = points_of(FUNCTIONS["log"], FORMATS["float32"], 20_000, 0).arguments[0]
    around = [np.float32(1), np.nextafter(np.float32(1), np.float32(2)), np.float32(np.sqrt(0.5))]
    assert np.isin(np.array(around, dtype=np.float64), found).all()
