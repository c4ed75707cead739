from __future__ import annotations

import numpy as np

from conformance.cases.cotangent import Cotangents
from conformance.numerics.formats import FORMATS, representable

TEXTS = [f"a case {number}" for number in range(200)]


def test_cotangents_are_exact_finite_and_hardly_ever_ones():
    for dtype, form in FORMATS.items():
        arrays = [Cotangents(text, dtype).of_shape((16,), reduced=False) for text in TEXTS]
        assert all(representable(array, form).all() for array in arrays)
        assert np.isfinite(arrays).all()
        assert not any((array == 1.0).all() for array in arrays)
        assert any((array == 0.0).any() for array in arrays)
        assert any((np.abs(array) > 100).any() for array in arrays)
        assert all(len(set(np.sign(array)) - {0.0}) == 2 for array in arrays[:5])


def test_a_cotangent_depends_on_the_text_and_the_shape_alone():
    one = Cotangents(TEXTS[0], "float32")
    assert np.array_equal(
        one.of_shape((3, 2), reduced=False),
        Cotangents(TEXTS[0], "float32").of_shape((3, 2), reduced=False),
    )
    other = Cotangents(TEXTS[1], "float32")
    assert one.of_shape((), reduced=True) != other.of_shape((), reduced=True)


def test_a_sample_keeps_the_cotangent_that_it_had():
    whole = Cotangents(TEXTS[0], "float32")
    cut = Cotangents(TEXTS[0], "float32", batch=(4, 3), element=7)
    kept = whole.of_shape((4, 3), reduced=False)
    assert cut.of_shape((1,), reduced=False) == kept[2, 1]


def test_a_sample_whose_last_axis_is_folded_keeps_that_of_its_row():
    whole = Cotangents(TEXTS[0], "float32")
    cut = Cotangents(TEXTS[0], "float32", batch=(4, 3), element=7)
    assert cut.of_shape((), reduced=False) == whole.of_shape((4,), reduced=False)[2]


def test_a_reduced_sample_keeps_the_single_cotangent():
    whole = Cotangents(TEXTS[0], "float32")
    cut = Cotangents(TEXTS[0], "float32", batch=(4, 3), element=7)
    assert cut.of_shape((), reduced=True) == whole.of_shape((), reduced=True)


def test_a_pinned_cotangent_serves_its_own_shape_only():
    pinned = Cotangents("", "float32", pinned=np.array([0.5, 3.0]))
    assert pinned.of_shape((2,), reduced=False).tolist() == [0.5, 3.0]
    assert pinned.of_shape((), reduced=True).shape == ()


def test_written_cases_have_a_cotangent_of_ones():
    assert Cotangents("", "float32", ones=True).of_shape((2,), reduced=False).tolist() == [1.0, 1.0]
