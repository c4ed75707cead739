from __future__ import annotations

import numpy as np
import pytest

from conformance.cases.edges import edge_cases, examples, left_out
from conformance.cases.rejects import rejects
from conformance.numerics.formats import FORMATS, representable
from conformance.specs.models import Loss
from tests.cases.losses import DTYPES, LOSSES

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def loss_with(**more) -> Loss:
    """A loss made up for a test, with edge cases as a spec would write them."""
    return Loss.model_validate(
        {
            "id": "sketch",
            "family": "sketches",
            "file": "sketch.yaml",
            "summary": "A loss made up for a test.",
            "sources": ({"key": "nowhere"},),
            "inputs": {
                "logits": {"shape": "*batch classes", "in": "real"},
                "target": {
                    "shape": "*batch",
                    "kind": "class_index",
                    "in": "[0, classes)",
                    "or": "ignore_index",
                },
            },
            "parameters": {
                "weight": {"shape": "classes", "in": "[0, inf)", "optional": True},
                "ignore_index": {"kind": "integer", "default": -100},
                "share": {"in": "[0, 1]", "default": 0.5},
            },
            "formula": {"loss": "0"},
            "latex": "x",
            "reductions": {"none": {}, "mean": {"divide_by": "size"}},
            "examples": ({"id": "plain", "given": given(), "loss": (0.25,)},),
            **more,
        }
    )


def given(**more):
    return {"logits": ((0.5, -0.0),), "target": (0,), **more}


def edge(dtype="float32", **more):
    written = {
        "id": "edge",
        "why": "A reason to be here.",
        "given": given(),
        "loss": (0.25,),
        **more,
    }
    loss = loss_with(edge_cases=(written,))
    found = edge_cases(loss, dtype)
    return found[0] if found else left_out(loss, dtype)


def test_what_is_written_is_what_is_expected():
    found = edge(gradient={"logits": ((1.0, -1.0),)}, sign_of_zero=True)
    assert found.case.id == "sketch/float32/edge"
    assert found.case.reduction == "none"
    assert found.case.inputs["target"].dtype == np.int64
    assert np.signbit(found.case.inputs["logits"]).tolist() == [[False, True]]
    assert found.norm.loss.tolist() == [0.25]
    assert found.norm.gradient["logits"].tolist() == [[1.0, -1.0]]
    assert found.sign_of_zero
    assert found.case.cotangent_for((1,)).tolist() == [1.0]


@EVERY_DTYPE
def test_words_are_the_numbers_of_the_dtype(dtype):
    found = edge(
        dtype, given=given(logits=(("-largest", "smallest_subnormal"),)), loss=("largest",)
    )
    form = FORMATS[dtype]
    assert found.case.inputs["logits"].tolist() == [[-form.largest, form.smallest_subnormal]]
    assert found.norm.loss.tolist() == [form.largest]


def test_a_number_that_the_dtype_lacks_is_rounded_and_the_expectation_left_to_the_reference():
    found = edge(given=given(logits=((0.1, 1.0),)))
    assert found.case.inputs["logits"][0, 0] == float(np.float32(0.1))
    assert found.norm.loss is None
    assert found.norm.reason == "logits holds 0.1, rounded to 0x1.99999a0000000p-4 in float32"
    assert edge("float64", given=given(logits=((0.1, 1.0),))).norm.loss is None


def test_an_inexact_scalar_leaves_the_expectation_to_the_reference_too():
    assert edge(given=given(share=0.1)).norm.reason.startswith("share holds 0.1")
    assert edge(given=given(share=0.25)).norm.reason == ""


def test_a_short_binary_fraction_counts_as_written_exactly():
    assert edge(given=given(logits=((2.0**-25, 1.0),))).norm.reason == ""


def test_a_number_past_the_largest_leaves_the_case_out():
    written = given(logits=((1e10, 0.0),))
    assert edge("float16", given=written) == {"edge": "10000000000.0 is past the largest float16"}
    assert edge("bfloat16", given=written).case.dtype == "bfloat16"


def test_a_case_for_other_dtypes_is_left_out():
    assert edge(dtypes=("float64",)) == {"edge": "the spec gives it for float64 only"}


def test_parameters_are_those_stated_by_their_kind():
    found = edge(given=given(weight=(1, 2), share=1, ignore_index=7))
    assert found.case.parameters["weight"].dtype == np.float64
    assert type(found.case.parameters["share"]) is float
    assert found.case.parameters["ignore_index"] == 7
    assert edge(given=given(weight=None)).case.parameters == {"weight": None}


def test_a_mark_that_occurs_counts_as_stated():
    assert edge(given=given(target=(-100,))).case.parameters == {"ignore_index": -100}
    assert edge().case.parameters == {}


def test_an_empty_input_has_the_shape_stated_beside_it():
    written = given(logits=(), target=(), shape={"logits": (0, 2)})
    found = edge(given=written, loss=(), gradient={"logits": ()})
    assert found.case.inputs["logits"].shape == (0, 2)
    assert found.norm.gradient["logits"].shape == (0, 2)


def test_another_choice_changes_what_it_says_and_keeps_the_rest():
    found = edge(
        gradient={"logits": ((1.0, -1.0),)}, when={"empty-mean": {"floor(-100)": {"loss": (4.0,)}}}
    )
    assert found.expected({}).loss.tolist() == [0.25]
    assert found.expected({"empty-mean": "nan"}).loss.tolist() == [0.25]
    changed = found.expected({"empty-mean": "floor(-100.0)", "other": "x"})
    assert changed.loss.tolist() == [4.0]
    assert changed.gradient["logits"].tolist() == [[1.0, -1.0]]


def test_two_choices_that_disagree_leave_it_to_the_reference():
    when = {"one": {"a": {"loss": (1.0,)}}, "two": {"a": {"loss": (2.0,)}, "b": {"loss": (1.0,)}}}
    found = edge(when=when)
    assert found.expected({"one": "a", "two": "b"}).loss.tolist() == [1.0]
    both = found.expected({"one": "a", "two": "a"})
    assert both.loss is None
    assert both.reason == "the spec does not say what these choices give together"


@MANY
@EVERY_DTYPE
def test_every_case_of_the_specs_is_made_or_left_out_for_a_reason(loss, dtype):
    made = [each.name for each in (*examples(loss, dtype), *edge_cases(loss, dtype))]
    written = [each.id for each in (*loss.examples, *loss.edge_cases)]
    assert sorted([*made, *left_out(loss, dtype)]) == sorted(written)
    assert len(rejects(loss, dtype)) == len(loss.rejects)


@MANY
@EVERY_DTYPE
def test_inputs_of_the_specs_cases_are_exact_in_the_dtype(loss, dtype):
    for each in (*examples(loss, dtype), *edge_cases(loss, dtype)):
        assert each.case.inputs.keys() == loss.inputs.keys()
        for array in each.case.inputs.values():
            assert array.dtype.kind == "i" or representable(array, FORMATS[dtype]).all()


@MANY
def test_names_of_a_spec_are_not_used_twice(loss):
    names = [each.id for each in (*loss.examples, *loss.edge_cases, *loss.rejects)]
    assert len(set(names)) == len(names)


def test_a_reject_says_which_inputs_have_another_type():
    written = {
        "id": "real-target",
        "given": given(target=(0.5,), dtype={"target": "float32"}),
        "breaks": "target holds integers",
        "kind": "dtype",
    }
    (found,) = rejects(loss_with(rejects=(written,)), "float16")
    assert found.dtypes == {"target": "float32"}
    assert found.case.inputs["target"].tolist() == [0.5]
    assert (found.name, found.kind, found.breaks) == (
        "real-target",
        "dtype",
        "target holds integers",
    )
