"""What a spec says of its loss by itself, on targets that are honest and on ones that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.case import Case
from conformance.engine import invariants
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault
from conformance.engine.finding import finding
from conformance.engine.known import explainer
from conformance.engine.replay import replay
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome, Raised
from tests.engine.honest import (
    LOSSES,
    block,
    case,
    changed,
    faults,
    honest,
    one_off,
    refused,
    stored,
    unexplained,
    worked,
)
from tests.engine.honest import station as fake_station
from tests.engine.planted import failing, run, station

EACH = [(loss, each.name) for loss in LOSSES for each in LOSSES[loss].invariants]


def of(name: str, framework: str = "torch") -> Block:
    return block(name, framework=framework)


def plain(loss: str, reduction: str = "none") -> Case:
    classes = any("classes" in each.shape for each in LOSSES[loss].inputs.values())
    return case(f"{loss}/float32/typical/{'5x4c' if classes else '4x3'}/{reduction}/-/s1")


def spoilt(value: Outcome) -> Outcome:
    """Value and gradients a great deal off, to the negative side."""
    gradients = {k: changed(each, lambda x: x - 3.0) for k, each in value.gradients.items()}
    assert value.value is not None
    return replace(value, value=changed(value.value, lambda x: x - 1e3), gradients=gradients)


def first_side_spoilt(block: Block, cases: Sequence[Case], name: str) -> list[Fault]:
    """The faults where the first side of one invariant's relations is wrong, and no other."""
    book = Book(block.loss.id, block.side.name, block.dtype, unexplained)
    for task in invariants.tasks(block, cases, book):
        found = invariants.base_and_name(task.case)[1].partition(".")[0]
        answers = [honest(call) for call in task.calls]
        if found == name:
            answers[0] = spoilt(answers[0])
        task.judge(book, answers)
    return book.faults


@pytest.mark.parametrize(("loss", "name"), EACH, ids=lambda each: each)
def test_a_side_that_is_wrong_breaks_its_invariant_and_no_other(loss: str, name: str) -> None:
    found = first_side_spoilt(block(loss), [plain(loss)], name)
    if name == "convex":  # a loss that is too low half-way is still convex there
        assert not found
        return
    assert {fault.cause for fault in found} == {name}
    assert {fault.kind for fault in found} == {"invariant"}
    text = next(each.text for each in LOSSES[loss].invariants if each.name == name)
    assert all(fault.note.startswith(text) and "allowed" in fault.note for fault in found)


@pytest.mark.parametrize("loss", ["l1", "mse", "cross_entropy"])
def test_a_bump_half_way_is_told(loss: str) -> None:
    book = Book(loss, "t", "float32", unexplained)
    for task in invariants.tasks(block(loss), [plain(loss)], book):
        answers = [honest(call) for call in task.calls]
        if "=convex" in task.case:
            value = answers[0].value
            assert value is not None
            answers[0] = replace(answers[0], value=changed(value, lambda x: x + 1e3))
        task.judge(book, answers)
    assert {fault.cause for fault in book.faults} == {"convex"}


def test_a_mark_that_is_refused_is_told_with_what_was_raised() -> None:
    def refusing(call: Call, was: Outcome) -> Outcome:
        return refused("IndexError") if (call.inputs["target"] == -1).any() else was

    book = worked(of("cross_entropy"), "invariant", [plain("cross_entropy")], refusing)
    assert faults(book) == {("invariant", "exception")}
    assert {fault.cause for fault in book.faults} == {"ignored-is-removed"}
    assert all((fault.actual or "").startswith("IndexError") for fault in book.faults)


def test_a_gradient_that_only_one_side_has_is_told() -> None:
    def raising(call: Call, was: Outcome) -> Outcome:
        if call.inputs["logits"].shape[-1] == 4:
            return was
        return replace(was, gradients={}, gradient_raised=Raised(("RuntimeError",), "no path"))

    book = worked(of("cross_entropy"), "invariant", [plain("cross_entropy")], raising)
    assert {fault.cause for fault in book.faults} == {"improbable-class-is-nothing"}


def test_a_result_of_another_shape_on_one_side_is_told() -> None:
    def squeezed(call: Call, was: Outcome) -> Outcome:
        if call.inputs["prediction"].shape[0] != 2:
            return was
        return replace(was, value=stored(np.ones(7), call.dtype))

    book = worked(of("mse"), "invariant", [plain("mse")], squeezed)
    assert faults(book) == {("invariant", "shape")}


def test_calls_that_all_fail_are_left_to_the_property_value() -> None:
    book = worked(of("mse"), "invariant", [plain("mse")], lambda call, was: refused())
    assert faults(book) == set()


def declaring(of: Block, **choices: str) -> Block:
    """The block of a target that declares other choices."""
    made = {name.replace("_", "-"): text for name, text in choices.items()}
    binding = of.binding.model_copy(update={"conventions": {**of.binding.conventions, **made}})
    return replace(of, side=replace(of.side, bindings={**of.side.bindings, of.loss.id: binding}))


def test_what_a_declared_choice_takes_away_is_left_out_with_the_choice() -> None:
    asked = [case("l1/float32/typical/4x3/mean/-/s1")]
    norm = worked(of("l1"), "invariant", asked)
    other = worked(declaring(of("l1"), weighted_mean="by-count"), "invariant", asked)
    assert norm.skipped == {}
    told = "weight-scale-free-mean does not hold by declaration: weighted-mean by-count"
    assert other.skipped["invariant"] == {told: 1}
    assert faults(other) == set()


def test_a_gradient_that_a_declared_choice_changes_is_left_out() -> None:
    text = "cross_entropy_probabilities/float32/typical/5x4c/none/-/s1"
    book = worked(of("cross_entropy_probabilities", "tensorflow"), "invariant", [case(text)])
    assert any("gradient-sums-to-zero" in each for each in book.skipped["invariant"])


def test_a_known_deviation_of_one_side_explains_the_invariant() -> None:
    def poisoned(call: Call, was: Outcome) -> Outcome:
        rows = np.isnan(call.inputs["logits"]).any(axis=-1, keepdims=True)
        slopes = {
            k: changed(g, lambda x: np.where(rows, np.nan, x)) for k, g in was.gradients.items()
        }
        return replace(was, gradients=slopes)

    explain = explainer(fake_station(), LOSSES)
    asked = [plain("cross_entropy")]
    book = worked(of("cross_entropy"), "invariant", asked, poisoned, explain)
    assert faults(book) == set()
    assert [*book.tally("invariant").known] == ["gradient-of-ignored-rows-with-nan"]

    def worse(call: Call, was: Outcome) -> Outcome:
        found = poisoned(call, was)
        return replace(
            found, gradients={k: changed(g, one_off) for k, g in found.gradients.items()}
        )

    book = worked(of("cross_entropy"), "invariant", asked, worse, explain)
    assert faults(book) != set()


def test_a_block_that_is_left_out_when_full_is_caught_by_invariants_alone() -> None:
    found = run("skips_full_blocks")
    assert failing(found) == {"invariant": {"invariant"}}
    (told,) = found["invariant"].findings
    assert "The losses of a batch are those of its parts" in told.why
    assert (told.share or 0.0) > 1.0
    assert all(array.size <= 2 for array in map(np.asarray, case_of(told.case).inputs.values()))
    with station("skips_full_blocks") as there:
        (cell,) = replay(told.case, there, LOSSES)
    assert [each.kind for each in cell.findings] == ["invariant"]


def case_of(case_id: str) -> Case:
    base, _ = invariants.base_and_name(case_id.partition(":")[2])
    return case(base)


def test_an_honest_target_keeps_every_invariant() -> None:
    cell = run("right", "invariant")["invariant"]
    assert cell.verdict == "pass"
    assert cell.cases > 8


def test_a_finding_shows_its_call_and_has_no_test_of_one_call_alone() -> None:
    (fault, *_) = first_side_spoilt(
        of("mse"), [case("mse/float32/typical/2/sum/-/s1")], "symmetric"
    )
    made = finding(fault, [fault], "torch")
    assert made.snippet
    assert made.test == ""
    assert made.replay.endswith("/=symmetric' -t 'torch'")
