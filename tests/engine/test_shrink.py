from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.case import Case
from conformance.cases.recipe import Recipe
from conformance.cases.replay import rebuild
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault, size_of
from conformance.engine.drawn import examine
from conformance.engine.shrink import shrunk
from conformance.specs.library import load_library
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


def retried(of: Block, spoil: Spoil, name: str, asked: Case) -> Fault | None:
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
    assert rebuild(fault.case.id, load_library().losses).digest() == fault.case.digest()


def test_a_case_written_in_a_spec_is_left_alone() -> None:
    of = block("mse")
    fault = worked(of, "example", spoil=above_one).faults[0]

    def never(asked: Case) -> Fault | None:
        pytest.fail("nothing is to be run again")

    assert shrunk(fault, of.loss, never) is fault


def test_a_fault_that_does_not_show_again_is_kept_as_it_was() -> None:
    of = block("mse")
    asked = case("mse/float32/typical/33/none/-/s3")
    fault = worked(of, "value", [asked], above_one).faults[0]
    assert shrunk(fault, of.loss, lambda asked: None) is fault


def test_the_numbers_that_are_left_are_short() -> None:
    fault = shrunk_by(above_one, "mse/float32/tails/17x33/none/weight=typical/s3", "value")
    assert fault.case.id == "mse/float32/given/prediction=0x1p+1,target=0x1p+0/none"


def test_a_fault_that_comes_and_goes_does_not_end_the_run() -> None:
    of = block("mse")
    fault = worked(of, "value", [case("mse/float32/typical/33/none/-/s3")], above_one).faults[0]
    answers = itertools.cycle([fault, None, None])
    assert shrunk(fault, of.loss, lambda asked: next(answers)).kind == fault.kind


def test_every_recipe_is_asked_for_once() -> None:
    of = block("mse")
    fault = worked(of, "value", [case("mse/float32/typical/33/none/-/s3")], above_one).faults[0]
    asked: list[str] = []

    def retry(again: Case) -> Fault | None:
        asked.append(again.id)
        return None

    shrunk(fault, of.loss, retry)
    assert len(asked) == len(set(asked)) > 1
