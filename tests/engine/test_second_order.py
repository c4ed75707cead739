"""Forward mode and second derivatives: what is asked, what is caught, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.replay import replay
from conformance.engine.row import CLAUSES, FORWARD, SECOND_ORDER
from conformance.targets.call import Call, request
from conformance.targets.outcome import Array, Died, Outcome, Raised
from tests.engine.honest import (
    LOSSES,
    Spoil,
    block,
    case,
    changed,
    faults,
    one_off,
    worked,
)
from tests.engine.honest import station as honest_station
from tests.engine.planted import run as run_planted
from tests.engine.test_run import run as run_spoiled

HOT = {"forward-one-hot", "reverse-over-reverse-one-hot"}
TWICE = "reverse-over-reverse"


def moved_wrong(way: str, name: str = "") -> Spoil:
    """Along one way, the derivative of the value, or that of a gradient, is off by a half."""

    def spoil(call: Call, was: Outcome) -> Outcome:
        if call.derivative != way:
            return was
        if not name:
            assert was.tangent is not None
            return replace(was, tangent=changed(was.tangent, one_off))
        wrong = {**was.curvature, name: changed(was.curvature[name], one_off)}
        return replace(was, curvature=wrong)

    return spoil


@pytest.mark.parametrize("name", [*LOSSES])
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_every_way_has_a_row_and_the_truth_passes(name: str, dtype: str) -> None:
    of = block(name, dtype)
    book = worked(of, SECOND_ORDER, [])
    assert faults(book) == set()
    forward = {each.id: each.verdict for each in book.tally(FORWARD).outcomes}
    second = {each.id: each.verdict for each in book.tally(SECOND_ORDER).outcomes}
    assert {*forward} | {*second} == {*CLAUSES} | HOT
    assert {*forward.values(), *second.values()} == {"pass"}
    assert book.tally(FORWARD).elements > 0
    assert book.tally(SECOND_ORDER).elements > 0


@pytest.mark.parametrize(
    ("way", "name", "property", "kind"),
    [
        ("forward", "", FORWARD, "value"),
        ("forward-over-reverse", "", FORWARD, "value"),
        ("forward-over-reverse", "prediction", SECOND_ORDER, "gradient"),
        (TWICE, "target", SECOND_ORDER, "gradient"),
    ],
)
def test_a_derivative_that_is_off_is_told_with_its_way(
    way: str, name: str, property: str, kind: str
) -> None:
    book = worked(block("mse"), SECOND_ORDER, [], moved_wrong(way, name))
    assert faults(book) == {(property, kind)}
    assert {fault.input for fault in book.faults} == {name or None}
    words = {fault.case.id.rpartition("+")[2] for fault in book.faults}
    assert words <= {way, f"{way}-one-hot"}
    assert all(CLAUSES[way] in fault.note for fault in book.faults)


def test_a_gradient_that_does_not_move_is_a_silent_zero() -> None:
    def flat(call: Call, was: Outcome) -> Outcome:
        return replace(was, curvature={}) if call.derivative == TWICE else was

    book = worked(block("mse"), SECOND_ORDER, [], flat)
    assert faults(book) == {(SECOND_ORDER, "gradient")}
    assert "autograd found no path" in book.faults[0].note
    assert faults(worked(block("nll"), SECOND_ORDER, [], flat)) == set()  # it is zero by right


def test_who_refuses_is_not_applicable_and_is_quoted() -> None:
    def refusing(call: Call, was: Outcome) -> Outcome:
        told = Raised(("NotImplementedError",), "derivative for\nx is not implemented")
        return Outcome(value=was.value, gradient_raised=told)

    book = worked(block("mse"), SECOND_ORDER, [], refusing)
    assert faults(book) == set()
    for name in (FORWARD, SECOND_ORDER):
        assert {each.verdict for each in book.tally(name).outcomes} == {"n/a"}
        reasons = {*book.skipped[name]}
        assert all("derivative for x is not implemented" in reason for reason in reasons)


def test_a_value_that_is_wrong_itself_is_left_to_value() -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        return replace(
            was,
            value=changed(was.value, lambda x: x + 1.0),
            curvature={
                name: changed(each, lambda x: x + 1.0) for name, each in was.curvature.items()
            },
        )

    book = worked(block("mse"), SECOND_ORDER, [], off)
    assert faults(book) == set()
    assert {each.verdict for each in book.tally(SECOND_ORDER).outcomes} == {"n/a"}


@pytest.mark.parametrize("spoil", ["halved", "nothing"])
def test_what_the_incoming_gradient_gets_of_a_second_backward_is_held_to_the_truth(
    spoil: str,
) -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        if call.derivative != "reverse-over-reverse":
            return was
        assert was.tangent is not None
        moved = None if spoil == "nothing" else changed(was.tangent, lambda x: 0.5 * x)
        return replace(was, tangent=moved)

    book = worked(block("mse"), SECOND_ORDER, [], off)
    assert {fault.property for fault in book.faults} == {SECOND_ORDER}
    assert "the incoming gradient" in book.faults[0].note


@pytest.mark.parametrize("kind", ["shape", "dtype"])
def test_a_derivative_of_another_form_is_told(kind: str) -> None:
    def misformed(call: Call, was: Outcome) -> Outcome:
        if was.tangent is None:
            return was
        if kind == "dtype":
            return replace(was, tangent=Array("float64", was.tangent.values))
        return replace(was, tangent=Array("float32", np.zeros((1, 1, 1), np.float32)))

    found = faults(worked(block("mse"), SECOND_ORDER, [], misformed))
    assert found == {(FORWARD, kind), (SECOND_ORDER, kind)}


def test_the_mean_of_nothing_has_no_derivative() -> None:
    """It is NaN, and whatever forward mode says of it is neither right nor wrong."""

    def unknown(call: Call, was: Outcome) -> Outcome:
        if was.value is None or was.tangent is None or not np.isnan(was.value.values).all():
            return was
        return replace(was, tangent=changed(was.tangent, lambda x: x * np.nan))

    given = case("nll/float32/typical/3c/mean/ignore_index=last/s4")
    given = replace(given, inputs={**given.inputs, "target": np.asarray(2)})
    book = worked(block("nll"), SECOND_ORDER, [given], unknown)
    assert faults(book) == set()
    assert any(given.id in str(each.given["case"]) for each in book.tally(FORWARD).outcomes)


def test_a_death_is_an_error() -> None:
    def dying(call: Call, was: Outcome) -> Outcome:
        return Outcome(death=Died("crash", "signal 11")) if call.derivative == TWICE else was

    assert faults(worked(block("mse"), SECOND_ORDER, [], dying)) == {(SECOND_ORDER, "crash")}


def test_a_drawn_case_is_asked_and_a_large_one_is_not() -> None:
    small, large = (case(f"mse/float32/typical/{size}/mean/-/s3") for size in (7, 99))
    for given, expected in ((small, True), (large, False)):
        rows = worked(block("mse"), SECOND_ORDER, [given]).tally(SECOND_ORDER).outcomes
        ids = {str(each.given["case"]).partition("/+")[0] for each in rows}
        assert (given.id in ids) is expected


def test_a_companion_has_no_graph() -> None:
    found = run_planted("right", FORWARD, SECOND_ORDER)
    assert {cell.verdict for cell in found.values()} == {"n/a"}
    assert "no graph to differentiate again" in str(found[SECOND_ORDER].reason)


def test_the_tangents_follow_the_cotangent_on_the_wire() -> None:
    calls: list[Call] = []

    def kept(call: Call, was: Outcome) -> Outcome:
        calls.append(call)
        return was

    worked(block("cross_entropy"), SECOND_ORDER, [], kept)
    header, arrays = request(calls[0], 1)
    assert header["derivative"] == "forward-over-reverse"
    assert [stored.shape for _, stored in arrays] == [(3, 5), (3,), (), (3, 5)]


def test_a_finding_is_replayed_by_its_id() -> None:
    spoil = moved_wrong(TWICE, "prediction")
    found = run_spoiled(spoil)[SECOND_ORDER].findings[0]
    cells = replay(found.case, honest_station(spoil), LOSSES)
    assert cells[0].property == SECOND_ORDER
    assert cells[0].verdict == "fail"
    assert replay(found.case, honest_station(), LOSSES)[0].verdict == "pass"


def test_a_finding_of_forward_mode_is_replayed_by_its_id() -> None:
    spoil = moved_wrong("forward")
    found = run_spoiled(spoil)[FORWARD].findings[0]
    assert replay(found.case, honest_station(spoil), LOSSES)[0].verdict == "fail"
    assert replay(found.case, honest_station(), LOSSES)[0].property == FORWARD
