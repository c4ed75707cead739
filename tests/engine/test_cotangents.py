"""Gradients along zeros, one output, both signs, huge numbers and the loss itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.cotangents import CLAUSES, COTANGENT
from conformance.engine.judge import judge
from conformance.engine.replay import replay
from conformance.engine.variation import fresh
from conformance.numerics.formats import round_to
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import (
    LOSSES,
    Spoil,
    block,
    case,
    changed,
    faults,
    honest,
    refused,
    worked,
)
from tests.engine.honest import station as honest_station
from tests.engine.planted import failing, run
from tests.engine.test_run import run as run_spoiled

TEXT = "mse/float32/typical/4x3/none/-/s3"


def unsquared(call: Call, was: Outcome) -> Outcome:
    """A graph that is cut behind the loss: what comes after it is left out."""
    return honest(replace(call, squared=False)) if call.squared else was


def leaking(call: Call, was: Outcome) -> Outcome:
    """Something comes back from outputs that nobody asked about."""
    hot = call.cotangent is not None and (call.cotangent == 0).any() and call.cotangent.any()
    if not hot or call.squared or set(np.unique(call.cotangent)) != {0.0, 1.0}:
        return was
    return replace(
        was,
        gradients={
            name: changed(each, lambda x: np.where(x == 0, 1e-30, x))
            for name, each in was.gradients.items()
        },
    )


def poisoned(call: Call, was: Outcome) -> Outcome:
    """0 / 0 where nothing is asked for at all."""
    if call.cotangent is None or call.cotangent.any():
        return was
    return replace(
        was, gradients={n: changed(g, lambda x: x * np.nan) for n, g in was.gradients.items()}
    )


def test_every_structure_has_a_row() -> None:
    book = worked(block("cross_entropy"), COTANGENT, [])
    assert faults(book) == set()
    assert {each.id for each in book.tally(COTANGENT).outcomes} == {*CLAUSES}
    assert {each.verdict for each in book.tally(COTANGENT).outcomes} == {"pass"}


def test_a_backward_that_overflows_on_huge_cotangents_is_caught() -> None:
    found = run("scales_the_cotangent")
    assert failing(found)[COTANGENT] == {"inf"}
    rows = {each.id for each in found[COTANGENT].outcomes if each.verdict == "fail"}
    assert rows == {"huge"}
    assert {each.verdict for each in found[COTANGENT].outcomes if each.id == "squared"} == {"n/a"}


def test_a_graph_that_ends_at_the_loss_is_caught_by_cotangent_alone() -> None:
    found = run_spoiled(unsquared)
    assert {name for name, cell in found.items() if cell.verdict == "fail"} == {COTANGENT}
    (finding, *_) = found[COTANGENT].findings
    assert "of the loss squared (along twice the loss)" in finding.why
    assert "** 2" in finding.snippet


@pytest.mark.parametrize(
    ("spoil", "word", "kind", "told"),
    [
        (leaking, "one-hot", "gradient", "of a loss that the cotangent leaves out is 1.0"),
        (poisoned, "zero", "nan", "of a loss that the cotangent leaves out is nan, must be"),
    ],
)
def test_what_the_cotangent_leaves_out_has_a_gradient_of_zero(
    spoil: Spoil, word: str, kind: str, told: str
) -> None:
    book = worked(block("mse"), COTANGENT, [case(TEXT)], spoil)
    assert faults(book) == {(COTANGENT, kind)}
    assert {fault.case.id.rpartition("+")[2] for fault in book.faults} == {word}
    assert all(told in fault.note and CLAUSES[word] in fault.note for fault in book.faults)


def test_a_call_that_raises_along_one_cotangent_is_told() -> None:
    def raising(call: Call, was: Outcome) -> Outcome:
        return refused("RuntimeError") if call.squared else was

    book = worked(block("mse"), COTANGENT, [case(TEXT)], raising)
    assert faults(book) == {(COTANGENT, "exception")}


def test_what_fails_along_the_drawn_cotangent_too_is_left_to_gradient() -> None:
    def always(call: Call, was: Outcome) -> Outcome:
        return replace(
            was, gradients={n: changed(g, lambda x: x * np.nan) for n, g in was.gradients.items()}
        )

    assert faults(worked(block("mse"), COTANGENT, [case(TEXT)], always)) == set()


def test_a_finding_is_replayed_by_its_id() -> None:
    found = run_spoiled(unsquared)[COTANGENT].findings[0]
    cells = replay(found.case, honest_station(unsquared), LOSSES)
    assert cells[0].property == COTANGENT
    assert cells[0].verdict == "fail"
    assert replay(found.case, honest_station(), LOSSES)[0].verdict == "pass"


def test_what_was_told_already_takes_no_share_of_the_bound() -> None:
    """A row that passes must not show more than its bound."""
    asked = case(TEXT)
    held = block("mse").held(asked)
    off = round_to(held.value(), held.form)
    off.reshape(-1)[3] *= 1.5
    told = judge(off, held.value(), held.form, held.value_limits_at)
    assert told.failed.tolist() == [3]
    again = fresh(told, told)
    assert not again.failed.size
    assert not (again.share > 1.0).any()
