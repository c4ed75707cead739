"""The contract of a call: as declared on a stock framework, as the norm says on a user's callable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.block import Block
from conformance.engine.book import Book
from conformance.engine.kept import CONTRACT
from conformance.engine.replay import replay
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.numerics.formats import FORMATS, round_to
from conformance.targets.bindings import Binding
from conformance.targets.call import Call
from conformance.targets.outcome import Died, Outcome, Raised
from tests.engine.honest import (
    LOSSES,
    Spoil,
    block,
    changed,
    faults,
    honest,
    one_off,
    refused,
    station,
    stored,
    worked,
)
from tests.engine.planted import run


def rows(book: Book) -> dict[str, str]:
    """Verdicts by row, the worst of rows of one name."""
    found: dict[str, str] = {}
    for each in book.tally(CONTRACT).outcomes:
        if found.get(each.id) != "fail":
            found[each.id] = each.verdict
    return found


def failing(book: Book) -> set[tuple[str, str]]:
    return {(fault.case.id.rpartition("+")[2], fault.kind) for fault in book.faults}


def candidate(loss: str, dtype: str = "float32", framework: str = "numpy") -> Block:
    """A callable of a user, of which nothing is declared."""
    of = block(loss, dtype)
    free = of.binding.model_copy(update={"contract": None})
    side = replace(of.side, framework=framework, name=framework, bindings={loss: free})
    return replace(of, side=side)


def value_as(outcome: Outcome, dtype: str) -> Outcome:
    assert outcome.value is not None
    return replace(outcome, value=stored(outcome.value.values, dtype))


@pytest.mark.parametrize("framework", ["torch", "keras", "tensorflow", "optax"])
def test_a_target_that_does_as_it_declares_passes_in_every_dtype(framework: str) -> None:
    for dtype in ("float64", "float16"):
        book = worked(block("cross_entropy_probabilities", dtype, framework), CONTRACT)
        assert faults(book) == set(), book.faults[0].note
        assert {*rows(book).values()} <= {"pass", "n/a"}
        assert book.tally(CONTRACT).elements > 0


def test_a_dozen_calls_or_one_more_are_asked_of_a_loss_and_dtype() -> None:
    for loss in LOSSES:
        for dtype in ("float64", "float32", "float16", "bfloat16"):
            assert len(worked(block(loss, dtype), CONTRACT).tally(CONTRACT).outcomes) <= 13


def narrow(call: Call, was: Outcome) -> Outcome:
    return value_as(was, "float32") if call.dtypes.get("target") == "float64" else was


def narrow_weight(call: Call, was: Outcome) -> Outcome:
    return value_as(was, "float32") if "weight" in call.dtypes else was


def without_gradients(call: Call, was: Outcome) -> Outcome:
    mixed = call.dtypes.get("target") == "float64" and not call.gradient
    return value_as(was, "float32") if mixed else was


def vector(call: Call, was: Outcome) -> Outcome:
    if was.value is None or was.value.shape or call.reduction != "none":
        return was
    return replace(was, value=replace(was.value, stored=was.value.stored.reshape(1)))


def no_gradient(call: Call, was: Outcome) -> Outcome:
    scalar = was.value is not None and not was.value.shape and call.reduction == "none"
    return replace(was, gradients={}) if scalar else was


def squeezed(call: Call, was: Outcome) -> Outcome:
    if was.value is None or was.value.shape != (3, 1):
        return was
    return replace(was, value=replace(was.value, stored=was.value.stored.reshape(3)))


def integers_off(call: Call, was: Outcome) -> Outcome:
    if call.dtypes.get("target") != "int64" or was.value is None:
        return was
    return replace(was, value=changed(was.value, one_off))


def gradient_of_target_in_float32(call: Call, was: Outcome) -> Outcome:
    if call.dtypes.get("target") != "float64" or "target" not in was.gradients:
        return was
    wide = was.gradients["target"].values
    return replace(was, gradients={**was.gradients, "target": stored(wide, "float32")})


def lists_accepted(call: Call, was: Outcome) -> Outcome:
    return Outcome(value=stored(np.zeros(3), call.dtype)) if call.python else was


def booleans_refused(call: Call, was: Outcome) -> Outcome:
    return refused() if "bool" in call.dtypes.values() else was


def overwriting(call: Call, was: Outcome) -> Outcome:
    return replace(was, mutated=("target",)) if "int64" in call.dtypes.values() else was


@pytest.mark.parametrize(
    ("spoil", "row", "kind"),
    [
        (narrow, "target-in-float64", "dtype"),
        (without_gradients, "target-in-float64", "dtype"),
        (gradient_of_target_in_float32, "target-in-float64", "dtype"),
        (vector, "zero-dimensional", "shape"),
        (no_gradient, "zero-dimensional", "gradient"),
        (squeezed, "size-one-axis", "shape"),
        (integers_off, "integer-target", "value"),
        (lists_accepted, "target-as-list", "error"),
        (booleans_refused, "boolean-target", "exception"),
        (overwriting, "integer-target", "mutation"),
        (narrow_weight, "weight-in-float64", "dtype"),
    ],
)
def test_what_is_not_as_declared_is_found(spoil: Spoil, row: str, kind: str) -> None:
    book = worked(block("mse"), CONTRACT, (), spoil)
    assert (row, kind) in failing(book)
    assert rows(book)[row] == "fail"
    assert {fault.property for fault in book.faults} == {CONTRACT}


def test_a_finding_says_what_the_binding_declares() -> None:
    found = worked(block("mse"), CONTRACT, (), narrow).faults
    assert found[0].rule.startswith("as the binding declares, promoted: ")
    assert "prediction has float32, target has float64, and float64 is due" in found[0].note


def integers_with_gradient(call: Call, was: Outcome) -> Outcome:
    if "target" not in call.gradient:
        return was
    zeros = {"target": stored(np.zeros(call.inputs["target"].shape), call.dtype)}
    return Outcome(value=stored(np.zeros(3), call.dtype), gradients=zeros)


def test_a_gradient_of_zeros_to_class_indices_is_a_number_where_none_may_be() -> None:
    book = worked(candidate("nll"), CONTRACT, (), integers_with_gradient)
    assert failing(book) == {("gradient-of-integers", "gradient")}
    assert "which holds integers: float32[0, 0, 0]" in book.faults[0].note


@pytest.mark.parametrize("given", [refused("RuntimeError"), None])
def test_a_callable_may_refuse_integers_a_gradient_or_give_none(given: Outcome | None) -> None:
    def spoil(call: Call, was: Outcome) -> Outcome:
        return given if given is not None and "target" in call.gradient else was

    book = worked(candidate("nll"), CONTRACT, (), spoil)
    assert faults(book) == set()
    assert rows(book)["gradient-of-integers"] in ("pass", "n/a")


def test_what_a_binding_says_nothing_of_is_a_finding() -> None:
    of = block("mse")
    assert of.binding.contract is not None
    silent = of.binding.contract.model_copy(update={"boolean_target": None})
    binding = of.binding.model_copy(update={"contract": silent})
    of = replace(of, side=replace(of.side, bindings={"mse": binding}))
    book = worked(of, CONTRACT)
    assert failing(book) == {("boolean-target", "error")}
    assert "declares nothing of boolean-target" in book.faults[0].note


def mixed(call: Call) -> bool:
    return any("float" in kind for kind in call.dtypes.values())


def refusing(call: Call, was: Outcome) -> Outcome:
    return refused("TypeError") if call.dtypes or call.python else was


def rounded_at_last(call: Call, was: Outcome) -> Outcome:
    return value_as(was, call.dtype) if mixed(call) else was


def rounded_first(call: Call, was: Outcome) -> Outcome:
    """The target loses its digits, and with them its distance from the prediction."""
    if call.dtypes.get("target") != "float64":
        return was
    near = np.zeros(3) if call.reduction == "none" else np.zeros(())
    return Outcome(value=stored(near, call.dtype))


def as_float64(call: Call, was: Outcome) -> Outcome:
    return value_as(was, "float64") if call.python else was


@pytest.mark.parametrize("spoil", [refusing, rounded_at_last, as_float64])
def test_an_honest_callable_may_refuse_or_round_at_last_or_widen_numbers(spoil: Spoil) -> None:
    book = worked(candidate("l1"), CONTRACT, (), spoil)
    assert faults(book) == set(), book.faults[0].note


def test_a_refusal_is_not_applicable_with_its_reason() -> None:
    book = worked(candidate("l1"), CONTRACT, (), refusing)
    assert rows(book)["target-in-float64"] == "n/a"
    assert "target-in-float64 is refused: TypeError: not with me" in book.skipped[CONTRACT]


def test_a_callable_that_narrows_its_target_in_silence_is_found() -> None:
    book = worked(candidate("l1"), CONTRACT, (), rounded_first)
    assert failing(book) == {("target-in-float64", "value")}
    assert book.faults[0].rule.startswith("The value is that of the numbers given")


def test_a_narrower_convention_is_honest_where_the_stock_framework_has_it() -> None:
    """Keras converts its targets to the dtype of the predictions."""
    book = worked(candidate("mse", framework="keras"), CONTRACT, (), _like_keras)
    assert faults(book) == set(), book.faults[0].note


def _like_keras(call: Call, was: Outcome) -> Outcome:
    """Rounded first; each gradient comes back in the dtype of its input."""
    if not mixed(call):
        return was
    form = FORMATS[call.dtype]
    inputs = {name: round_to(array, form) for name, array in call.inputs.items()}
    meant = honest(replace(call, inputs=inputs, dtypes={}))
    gradients = {
        name: stored(found.values, call.dtypes.get(name, call.dtype))
        for name, found in meant.gradients.items()
    }
    return replace(meant, gradients=gradients)


def test_a_gradient_that_raises_leaves_the_value_to_be_judged() -> None:
    def spoil(call: Call, was: Outcome) -> Outcome:
        if not call.dtypes or not call.gradient:
            return was
        return replace(was, gradients={}, gradient_raised=Raised(("RuntimeError",), "no"))

    book = worked(candidate("l1", framework="torch"), CONTRACT, (), spoil)
    assert faults(book) == set()
    told = {each.id: each.actual for each in book.tally(CONTRACT).outcomes}
    assert told["integer-target"].endswith("and its gradient raised RuntimeError: no")


def test_a_dead_worker_is_an_error() -> None:
    def spoil(call: Call, was: Outcome) -> Outcome:
        return Outcome(death=Died("crash", "gone")) if call.python else was

    assert ("target-as-list", "crash") in failing(worked(block("l1"), CONTRACT, (), spoil))


def test_a_finding_is_replayed_by_its_id() -> None:
    of = station(narrow)
    request = Request(("mse",), (of.target,), ("float32",), (CONTRACT,))
    (cell,) = cells(request, LOSSES, [of], [])
    (finding,) = cell.findings
    assert finding.case.endswith("+target-in-float64")
    (again,) = replay(finding.case, of, LOSSES)
    assert [each.kind for each in again.findings] == ["dtype"]
    assert again.findings[0].expected == "float64"
    assert finding.test.rstrip().endswith("assert actual.dtype == torch.float64")


def test_a_target_that_compiles_is_asked_for_the_most_telling_ones_and_says_so() -> None:
    of = station(framework="optax@cpu+jit")
    request = Request(("mse",), (of.target,), ("float32",), (CONTRACT,))
    (cell,) = cells(request, LOSSES, [of], [])
    asked = {each.id for each in cell.outcomes}
    assert {"target-in-float64", "zero-dimensional", "integer-target"} <= asked
    assert len(asked) < 10
    assert cell.reason is not None
    assert "left out" in cell.reason


def test_a_binding_without_a_contract_is_held_to_the_norm() -> None:
    binding = Binding.model_validate(
        {**block("l1").binding.model_dump(exclude={"contract"}), "contract": None}
    )
    of = block("l1")
    free = replace(of, side=replace(of.side, bindings={"l1": binding}))
    assert faults(worked(free, CONTRACT)) == set()


def test_numbers_and_lists_reach_a_callable_as_they_are() -> None:
    assert run("right", CONTRACT)[CONTRACT].verdict == "pass"
    cell = run("forgets_lists", CONTRACT)[CONTRACT]
    assert {each.id for each in cell.outcomes if each.verdict == "fail"} == {
        "target-as-number", "target-as-list", "all-as-lists",
    }  # fmt: skip
    assert "target = [" in next(each.snippet for each in cell.findings if "list" in each.case)


def test_integers_of_a_callable_without_gradients_are_not_asked_for_one() -> None:
    of = candidate("nll")
    none = dict.fromkeys(LOSSES["nll"].inputs, "NumPy has no autograd")
    binding = of.binding.model_copy(update={"not_differentiated": none})
    of = replace(of, side=replace(of.side, bindings={"nll": binding}))
    book = worked(of, CONTRACT)
    assert rows(book)["gradient-of-integers"] == "n/a"
    assert "NumPy has no autograd" in book.skipped[CONTRACT]
