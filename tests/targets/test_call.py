"""Calls: which callable a case goes to, with which arguments, or why it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.targets.bindings import Alias, Binding
from conformance.targets.call import Call, NotApplicable, bind, output_shape, request
from conformance.targets.snippet import snippet
from conformance.targets.worker.protocol import unpack
from tests.targets.losses import Given, binding, case, class_loss, loss


def called(given: Given, bound: Binding, **options: Any) -> Call:
    call = bind(given, bound, loss(), **options)
    assert isinstance(call, Call), call
    return call


def reason(given: Given, bound: Binding, **options: Any) -> str:
    call = bind(given, bound, loss(), **options)
    assert isinstance(call, NotApplicable)
    return call.reason


def constants(call: Call) -> dict[str, Any]:
    header, _ = request(call, 0)
    return header["constants"] if call.form == "function" else header["construction"]


def test_parameters_at_the_specs_default_are_left_to_the_framework() -> None:
    assert constants(called(case(parameters={"kind": 0, "weight": None}), binding())) == {
        "reduction": "none"
    }
    assert constants(called(case(parameters={"kind": 2}), binding()))["kind"] == 2


def test_a_differing_default_of_the_framework_is_overruled() -> None:
    other = binding(parameters={"weight": "weight", "kind": {"name": "sort", "default": 7}})
    assert constants(called(case(parameters={"kind": 2}), other))["sort"] == 2
    assert "sort" not in constants(called(case(parameters={"kind": 7}), other))


def test_arrays_go_in_the_dtype_of_the_case() -> None:
    given = case(dtype="bfloat16", parameters={"weight": np.full(3, 0.5)})
    header, arrays = request(called(given, binding()), 4)
    assert header["id"] == 4
    assert [place for place, _, _ in header["arguments"]] == ["call", "call", "call"]
    assert [key for _, key, _ in header["arguments"]] == [0, 1, "weight"]
    assert [dtype for dtype, _ in arrays] == ["bfloat16"] * 4
    assert unpack(arrays[-1]).tolist() == [2.0, 2.0, 2.0]
    assert header["wanted"] == [0, 1]


def test_a_module_takes_parameters_when_it_is_constructed() -> None:
    bound = binding(module="somewhere.Squared", constants={"loud": True})
    given = case(reduction="mean", parameters={"weight": np.ones(3), "kind": 1})
    header, _ = request(called(given, bound, form="module"), 0)
    assert header["call"] == "somewhere.Squared"
    assert header["construction"] == {"loud": True, "kind": 1, "reduction": "mean"}
    assert header["constants"] == {}
    assert [place for place, _, _ in header["arguments"]] == ["call", "call", "construct"]


def test_a_callable_applied_afterwards_stands_for_a_reduction() -> None:
    bound = binding(reductions={"none": {}, "mean": {"after": "numpy.mean"}}, reduced_by=())
    header, _ = request(called(case(reduction="mean"), bound), 0)
    assert header["after"] == "numpy.mean"
    assert header["constants"] == {}


def test_an_alias_replaces_the_reduction() -> None:
    alias = Alias(id="old", reduction="sum", arguments={"size_average": False}, warns="Warning")
    call = called(case(reduction="sum"), binding(), alias=alias)
    assert constants(call) == {"size_average": False}


def test_a_reduction_that_no_spec_knows_is_passed_on_to_be_refused() -> None:
    assert constants(called(case(reduction="average"), binding()))["reduction"] == "average"
    deaf = binding(reductions={"none": {}, "mean": {"after": "numpy.mean"}}, reduced_by=())
    assert "takes the reduction average" in reason(case(reduction="average"), deaf)


def test_single_inputs_may_have_another_dtype() -> None:
    given = Given({"prediction": np.arange(3), "target": np.ones(3)})
    _, arrays = request(called(given, binding(), dtypes={"prediction": "int32"}), 0)
    assert [dtype for dtype, _ in arrays] == ["int32", "float64", "float64"]


def test_what_cannot_be_differentiated_is_not_asked_for() -> None:
    bound = binding(not_differentiated={"target": "The target is taken as a constant"})
    assert called(case(), bound).gradient == ("prediction",)
    assert called(case(), bound, gradient=()).cotangent is None
    assert called(case(), binding(), dtypes={"target": "int64"}).gradient == ("prediction",)


WHY: list[tuple[Given, dict[str, Any], dict[str, Any], str]] = [
    (case(), {"absent": "It has no such loss", "call": None}, {}, "It has no such loss"),
    (case(), {"since": "2.0"}, {"version": "1.9"}, "numpy has squared since 2.0"),
    (
        case(dtype="float16"),
        {"unsupported": {"float16": "It has no float16"}},
        {},
        "It has no float16",
    ),
    (
        case(reduction="mean"),
        {"unsupported": {"mean": "It takes no means"}, "reductions": {"none": "none"}},
        {},
        "It takes no means",
    ),
    (
        case(parameters={"kind": 3}),
        {"parameters": {}, "unsupported": {"kind": "It knows one kind"}},
        {},
        "It knows one kind",
    ),
    (
        Given({"prediction": np.float64(1.0), "target": np.float64(0.0)}),
        {"unsupported": {"scalar-batch": "It needs an axis"}},
        {},
        "It needs an axis",
    ),
    (
        case(parameters={"weight": np.ones(1)}),
        {"parameters": {"weight": {"name": "w", "whole": "It spreads no weights"}, "kind": "k"}},
        {},
        "It spreads no weights",
    ),
    (
        case(parameters={"kind": 3}),
        {"parameters": {"kind": {"name": "kind", "since": "3.1"}}},
        {"version": "3.0.9"},
        "numpy has kind since 3.1",
    ),
    (
        case(parameters={"kind": 3}),
        {"parameters": {}},
        {},
        "the binding of numpy states no parameter 'kind'",
    ),
]


@pytest.mark.parametrize(("given", "changes", "options", "expected"), WHY)
def test_what_does_not_apply_says_why(
    given: Given, changes: dict[str, Any], options: dict[str, Any], expected: str
) -> None:
    assert reason(given, binding(**changes), **options) == expected


def test_a_weight_that_fits_nothing_is_still_asked_for() -> None:
    parameters = {"weight": {"name": "w", "whole": "It spreads no weights"}, "kind": "kind"}
    call = called(case(parameters={"weight": np.ones(2)}), binding(parameters=parameters))
    assert call.arrays["weight"].shape == (2,)


def test_a_parameter_may_call_for_another_callable() -> None:
    weighted = binding("weighted", parameters={"kind": "kind"}, implied=("weight",))
    bound = binding(parameters={"kind": "kind"}, instead={"weight": weighted})
    assert called(case(), bound).path.endswith(":squared")
    call = called(case(parameters={"weight": np.ones(3)}), bound)
    assert call.path.endswith(":weighted")
    assert list(call.arrays) == ["prediction", "target"]


def ignoring(**changes: Any) -> Binding:
    return binding(
        loss="picked",
        inputs={"logits": "logits", "target": "labels"},
        layout={"classes": 1},
        **changes,
    )


def test_the_classes_move_only_where_there_are_any() -> None:
    given = Given({"logits": np.zeros((2, 3)), "target": np.array([0, 1])})
    call = bind(given, ignoring(parameters={"ignore_index": "skip"}), class_loss())
    assert isinstance(call, Call)
    header, arrays = request(call, 0)
    assert header["arguments"] == [["call", "logits", 1], ["call", "labels", None]]
    assert [dtype for dtype, _ in arrays] == ["float64", "int64", "float64"]
    assert call.gradient == ("logits",)


def test_an_ignored_index_matters_only_where_a_target_meets_it() -> None:
    bound = ignoring(parameters={}, unsupported={"ignore_index": "It ignores nothing"})
    kept = Given({"logits": np.zeros((2, 3)), "target": np.array([0, 1])})
    assert isinstance(bind(kept, bound, class_loss()), Call)
    skipped = Given({"logits": np.zeros((2, 3)), "target": np.array([0, -100])})
    assert bind(skipped, bound, class_loss()) == NotApplicable("It ignores nothing")
    differing = ignoring(parameters={"ignore_index": {"name": "skip", "default": None}})
    call = bind(skipped, differing, class_loss())
    assert isinstance(call, Call)
    assert constants(call)["skip"] == -100


@pytest.mark.parametrize(
    ("reduction", "choice", "shape"),
    [("none", "kept", (2, 3)), ("none", "mean", (2,)), ("sum", "mean", ())],
)
def test_the_output_has_the_shape_that_the_binding_declares(
    reduction: str, choice: str, shape: tuple[int, ...]
) -> None:
    convention = {"default": "kept", "choices": {"kept": {}, "mean": {}}}
    spec = loss(conventions={"last-axis": convention})
    given = Given({"prediction": np.zeros((2, 3)), "target": np.zeros((2, 3))}, {}, reduction)
    assert output_shape(given, binding(conventions={"last-axis": choice}), spec) == shape


def test_python_inputs_stand_in_the_header_and_not_among_the_arrays() -> None:
    given = case()
    call = replace(called(given, binding(), gradient=()), python=("target",))
    header, arrays = request(call, 0)
    (word,) = header["python"]
    assert word == ["call", binding().inputs["target"], given.inputs["target"].tolist()]
    assert len(arrays) == len(header["arguments"]) == 1
    assert list(call.arrays) == ["prediction"]


def test_a_snippet_writes_python_inputs_as_they_are_given() -> None:
    call = replace(called(case(), binding(framework="torch"), gradient=()), python=("target",))
    lines = snippet(call).splitlines()
    assert f"target = {case().inputs['target'].tolist()}" in lines
    assert "target" in lines[-1]


def test_a_snippet_writes_integers_without_a_point() -> None:
    whole = called(case(), binding(framework="tensorflow"), dtypes={"target": "int64"})
    whole = replace(whole, inputs={**whole.inputs, "target": np.array([1.0, 0.0, 2.0])})
    assert "target = tf.constant([1, 0, 2], dtype=tf.int64)" in snippet(whole)
