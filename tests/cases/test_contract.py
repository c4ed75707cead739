"""Calls of the contract: numbers exact in their own dtypes, and equal to whoever narrows them."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.cases.contract import OTHERS, Asking, askings, common, narrower, target_of
from conformance.cases.replay import rebuild
from conformance.cases.variant import base_of
from conformance.numerics.formats import FORMATS, representable, round_to
from conformance.specs.contract import load_contract
from conformance.specs.library import load_library

LOSSES = load_library().losses
DTYPES = tuple(FORMATS)


def every() -> list[Asking]:
    return [each for loss in LOSSES.values() for dtype in DTYPES for each in askings(loss, dtype)]


def mixed(loss: str, dtype: str) -> list[Asking]:
    return [each for each in askings(LOSSES[loss], dtype) if each.clause == "mixed-floats"]


def test_every_input_is_exact_in_its_own_dtype_and_its_domain() -> None:
    for each in every():
        loss = LOSSES[each.case.loss]
        for name, array in each.case.inputs.items():
            kind = each.dtypes.get(name, each.case.dtype)
            if kind in FORMATS and array.dtype.kind == "f":
                assert representable(array, FORMATS[kind]).all(), (each.case.id, name)
            elif array.dtype.kind == "f":
                assert (array == np.rint(array)).all(), each.case.id
            domain = loss.inputs[name].domain({})
            if loss.inputs[name].kind == "real":
                assert all(domain.contains(float(x)) for x in array.reshape(-1)), each.case.id


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ["l1", "mse", "binary_cross_entropy"])
def test_narrowed_inputs_of_one_domain_are_the_same_number_every_other_time(
    loss: str, dtype: str
) -> None:
    for each in mixed(loss, dtype):
        other = each.dtypes["target"]
        rough = FORMATS[narrower(dtype, other)]
        first, second = each.case.inputs.values()
        same = round_to(first, rough) == round_to(second, rough)
        assert (same & (first != second)).reshape(-1)[::2].all(), each.case.id


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_meets_its_neighbours(dtype: str) -> None:
    met = dict.fromkeys(each.dtypes["target"] for each in mixed("l1", dtype))
    assert tuple(met) == OTHERS[dtype]
    assert {each.case.reduction for each in mixed("l1", dtype)} == {"none", "mean"}


def test_the_common_dtype_holds_both_and_two_of_16_bits_have_a_wider_one() -> None:
    assert common("float16", "bfloat16") == "float32"
    assert common("float16", "float16") == "float16"
    assert common("float32", "float64") == "float64"
    assert narrower("float16", "bfloat16") == "bfloat16"


def test_each_call_has_an_id_of_its_own_from_which_its_base_is_rebuilt() -> None:
    found = every()
    assert len({each.case.id for each in found}) == len(found)
    for each in found:
        assert rebuild(each.case.id, LOSSES).id == base_of(each.case.id)


def test_every_clause_is_asked_somewhere_and_no_other() -> None:
    assert {each.clause for each in every()} == set(load_contract())


def test_what_the_spec_has_refused_is_not_asked_again() -> None:
    """Whole numbers for probabilities over classes are a reject of the spec."""
    clauses = {each.clause for each in askings(LOSSES["cross_entropy_probabilities"], "float32")}
    assert "integer-target" not in clauses


def test_lists_are_asked_of_the_dtype_that_they_become() -> None:
    for dtype in DTYPES:
        clauses = [each.clause for each in askings(LOSSES["l1"], dtype)]
        assert ("all-lists" in clauses) is (dtype == "float32")


def test_a_loss_of_one_input_has_nothing_to_mix() -> None:
    alone = LOSSES["l1"].model_copy(
        update={"inputs": {"prediction": LOSSES["l1"].inputs["prediction"]}}
    )
    assert target_of(alone) is None
    assert {each.clause for each in askings(alone, "float32")} == {
        "mixed-weight", "zero-dimensional", "size-one", "empty",
    }  # fmt: skip
