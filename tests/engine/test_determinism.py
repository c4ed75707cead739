"""The same numbers again, on threads, and alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.determinism import THREADS, TIMES
from conformance.engine.variation import SAME, WITHIN
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import Spoil, block, case, changed, faults, one_off, untouched, worked
from tests.engine.planted import failing, run

TEXT = "mse/float32/typical/7/none/-/s3"
SUM = "mse/float32/typical/7/sum/-/s3"


def again(call: Call, was: Outcome) -> Outcome:
    if call.repeat == 1 or call.threads or was.value is None:
        return was
    return replace(was, value=changed(was.value, one_off))


def threaded(call: Call, was: Outcome) -> Outcome:
    if not call.threads:
        return was
    return replace(was, gradients={n: changed(g, one_off) for n, g in was.gradients.items()})


def alone(call: Call, was: Outcome) -> Outcome:
    if call.inputs["prediction"].size > 1 or was.value is None:
        return was
    return replace(was, value=changed(was.value, one_off))


def nudged(call: Call, was: Outcome) -> Outcome:
    if call.repeat == 1 or call.threads or was.value is None:
        return was
    return replace(was, value=changed(was.value, lambda each: np.nextafter(np.float32(each), 99)))


def test_a_loss_that_changes_when_it_is_repeated_is_caught_by_determinism_alone() -> None:
    assert failing(run("tires")) == {"determinism": {"determinism"}}


@pytest.mark.parametrize(
    ("spoil", "clause"),
    [
        (again, f"called {TIMES} times in a row the loss is"),
        (threaded, f"on {THREADS} threads instead of one the gradient with respect to prediction"),
        (alone, "for a sample alone instead of in its batch the loss is"),
    ],
)
def test_each_way_out_of_its_bound_is_told(spoil: Spoil, clause: str) -> None:
    book = worked(block("mse"), "determinism", [case(TEXT)], spoil)
    assert faults(book) == {("determinism", "determinism")}
    assert all(fault.note.startswith(clause) for fault in book.faults if fault.input != "target")


def test_other_bits_within_the_bound_are_recorded_and_pass() -> None:
    book = worked(block("mse"), "determinism", [case(SUM)], nudged)
    assert faults(book) == set()
    told = {each.id: each.actual for each in book.tally("determinism").outcomes}
    assert told == {"again": WITHIN, "threads": SAME, "alone": SAME}


@pytest.mark.parametrize("framework", ["tensorflow", "optax"])
def test_frameworks_that_keep_their_threads_say_so(framework: str) -> None:
    book = worked(block("mse", framework=framework), "determinism", [case(TEXT)], untouched)
    (reason,) = (each.note for each in book.tally("determinism").outcomes if each.id == "threads")
    assert reason is not None
    assert "threads" in reason


def test_a_loss_averaged_over_its_last_axis_has_no_sample_alone() -> None:
    book = worked(block("mse", framework="keras"), "determinism", [case(TEXT)])
    (found,) = (each for each in book.tally("determinism").outcomes if each.id == "alone")
    assert found.verdict == "n/a"
