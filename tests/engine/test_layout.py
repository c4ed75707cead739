"""Inputs that lie otherwise in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.engine.layout import CLAUSES
from conformance.engine.replay import replay
from conformance.engine.variation import SAME, WITHIN
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, block, case, changed, faults, one_off, refused, worked
from tests.engine.planted import failing, run, station

TEXT = "mse/float32/typical/4x3/mean/-/s3"


def strided(call: Call, was: Outcome) -> Outcome:
    if call.layout != "strided" or was.value is None:
        return was
    return replace(was, value=changed(was.value, one_off))


def raising(call: Call, was: Outcome) -> Outcome:
    return refused("RuntimeError") if call.layout == "sliced" else was


def ulp_off(call: Call, was: Outcome) -> Outcome:
    if call.layout is None or was.value is None or call.reduction != "mean":
        return was
    return replace(
        was, value=changed(was.value, lambda values: np.nextafter(np.float32(values), 9))
    )


def test_an_honest_target_passes_in_every_layout() -> None:
    assert failing(run("right")) == {}
    cell = run("right", "layout")["layout"]
    assert {each.id for each in cell.outcomes} == {*CLAUSES}
    assert {each.actual for each in cell.outcomes} <= {SAME, WITHIN}  # sums in another order


def test_a_kernel_that_ignores_strides_is_caught_by_layout_alone() -> None:
    found = run("blind_to_strides")
    assert failing(found) == {"layout": {"layout"}}
    words = {each.id for each in found["layout"].outcomes if each.verdict == "fail"}
    assert words == {"transposed", "strided", "sliced", "channels-last", "reversed"}


def test_a_kernel_that_writes_to_its_argument_is_refused_in_read_only_memory() -> None:
    found = run("writes_and_mends")
    assert failing(found) == {"layout": {"exception"}}


def test_a_finding_is_replayed_by_its_id() -> None:
    finding = run("blind_to_strides", "layout")["layout"].findings[0]
    with station("blind_to_strides") as of:
        (cell,) = replay(finding.case, of, LOSSES)
    assert [each.kind for each in cell.findings] == ["layout"]


def test_a_value_beyond_its_bound_names_the_layout() -> None:
    book = worked(block("mse"), "layout", [case(TEXT)], strided)
    assert faults(book) == {("layout", "layout")}
    assert book.faults[0].note.startswith("with inputs that are every second element")


def test_a_layout_that_is_refused_is_told() -> None:
    assert faults(worked(block("mse"), "layout", [case(TEXT)], raising)) == {
        ("layout", "exception")
    }


def test_other_bits_within_the_bound_are_recorded_and_pass() -> None:
    book = worked(block("mse"), "layout", [case(TEXT)], ulp_off)
    assert faults(book) == set()
    told = {each.actual for each in book.tally("layout").outcomes if each.verdict == "pass"}
    assert told == {SAME, WITHIN}


@pytest.mark.parametrize("framework", ["tensorflow", "optax"])
def test_tensors_without_strides_are_left_out_with_the_reason(framework: str) -> None:
    book = worked(block("kl_divergence", framework=framework), "layout", [])
    assert {each.verdict for each in book.tally("layout").outcomes} == {"n/a"}
    assert "has no strides" in next(iter(book.skipped["layout"]))
