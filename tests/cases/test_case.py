from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.given import explicit

CASE = explicit(
    "nll",
    "float32",
    {"log_probabilities": np.array([[-1.0, -2.0]]), "target": np.array([0])},
    {"ignore_index": 1, "weight": np.array([1.0, 2.0])},
    "mean",
)


def changed(name, array):
    return replace(CASE, inputs={**CASE.inputs, name: array})


@pytest.mark.parametrize(
    "other",
    [
        replace(CASE, dtype="float16"),
        replace(CASE, reduction="sum"),
        replace(CASE, loss="cross_entropy"),
        replace(CASE, conventions={"empty-mean": "zero"}),
        replace(CASE, parameters={"ignore_index": 1}),
        replace(CASE, parameters={**CASE.parameters, "ignore_index": True}),
        changed("target", np.array([1])),
        changed("target", np.array([0.0])),
        changed("target", np.array([[0]])),
        changed("log_probabilities", np.array([[-2.0, -1.0]])),
        changed("log_probabilities", np.array([[-1.0, np.nan]])),
    ],
)
def test_the_digest_sees_every_part(other):
    assert other.digest() != CASE.digest()


def test_the_digest_knows_zeros_apart_but_not_nans_nor_names():
    zero, minus = changed("log_probabilities", np.zeros((1, 2))), np.full((1, 2), -0.0)
    assert zero.digest() != changed("log_probabilities", minus).digest()
    nan = np.full((1, 2), np.nan)
    assert changed("log_probabilities", nan).digest() == changed("log_probabilities", -nan).digest()
    assert replace(CASE, id="another").digest() == CASE.digest()


def test_the_digest_does_not_depend_on_the_layout_in_memory():
    turned = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    plain = np.ascontiguousarray(turned)
    assert (
        changed("log_probabilities", turned).digest()
        == changed("log_probabilities", plain).digest()
    )
