from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault, size_of
from conformance.engine.drawn import examine
from conformance.engine.shrink import shrunk
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import (
    Spoil,
    block,
    case,
    changed,
    honest,
    refused,
    unexplained,
    worked,
)


def shrunk_by(spoil: Spoil, text: str, name: str) -> Fault:
    recipe = Recipe.parse(text)
    of = block(recipe.loss, recipe.dtype)
    first = worked(of, "value", [case(text)], spoil).faults
    fault = next(each for each in first if each.property == name)
    return shrunk(fault, of.loss, lambda candidate: retried(of, spoil, name, candidate))


def retried(of: Block, spoil: Spoil, name: str, recipe: Recipe) -> Fault | None:
    try:
        asked = build(recipe, of.loss)
    except (ValueError, IndexError):
        return None
    call = of.bound(asked)
    assert isinstance(call, Call)
    book = Book(of.loss.id, of.side.name, of.dtype, unexplained)
    examine(of, asked, call, spoil(call, honest(call)), book)
    return next((fault for fault in book.faults if fault.property == name), None)


def above_one(call: Call, was: Outcome) -> Outcome:
    """Wrong for every prediction above one."""
    assert was.value is not None
    if call.reduction != "none":
        return replace(was, value=changed(was.value, lambda values: values * 2))
    wrong = call.inputs["prediction"] > 1
    return replace(was, value=changed(was.value, lambda values: np.where(wrong, 7.0, values)))


def negated(call: Call, was: Outcome) -> Outcome:
    return replace(was, gradients={n: changed(g, np.negative) for n, g in was.gradients.items()})


def refusing_weights(call: Call, was: Outcome) -> Outcome:
    return refused() if "weight" in call.parameters else was


def test_a_wrong_element_is_found_alone() -> None:
    fault = shrunk_by(above_one, "mse/float32/tails/17x33/none/weight=typical/s3", "value")
    assert {name: array.shape for name, array in fault.case.inputs.items()} == {
        "prediction": (1,),
        "target": (1,),
    }
    assert fault.case.inputs["prediction"][0] > 1
    assert fault.case.parameters == {}


def test_a_fault_of_a_reduction_is_led_back_to_single_losses() -> None:
    fault = shrunk_by(above_one, "mse/float32/typical/9x7/mean/-/s3", "value")
    assert size_of(fault) == 2


def test_a_row_with_classes_is_kept_whole() -> None:
    text = "cross_entropy/float32/typical/17x10c/none/weight=typical/s3"
    fault = shrunk_by(negated, text, "gradient")
    logits = fault.case.inputs["logits"]
    assert logits.shape[:-1] == (1,)
    assert 2 <= logits.shape[-1] <= 10
    assert fault.kind == "gradient"


def test_a_parameter_that_the_fault_needs_stays() -> None:
    fault = shrunk_by(refusing_weights, "mse/float32/tails/9x7/mean/weight=typical/s3", "value")
    assert [*fault.case.parameters] == ["weight"]
    assert size_of(fault) <= 2
    assert fault.kind == "exception"


def test_the_smallest_case_can_be_rebuilt_from_its_id() -> None:
    fault = shrunk_by(above_one, "mse/float32/tails/17x33/none/-/s3", "value")
    assert case(fault.case.id).digest() == fault.case.digest()


def test_a_case_written_in_a_spec_is_left_alone() -> None:
    of = block("mse")
    fault = worked(of, "example", spoil=above_one).faults[0]

    def never(recipe: Recipe) -> Fault | None:
        pytest.fail("nothing is to be run again")

    assert shrunk(fault, of.loss, never) is fault


def test_a_fault_that_does_not_show_again_is_kept_as_it_was() -> None:
    of = block("mse")
    asked = case("mse/float32/typical/33/none/-/s3")
    fault = worked(of, "value", [asked], above_one).faults[0]
    assert shrunk(fault, of.loss, lambda recipe: None) is fault
