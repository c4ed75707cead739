"""Asking for other gradients changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.targets.call import Call
from conformance.targets.outcome import Outcome, Raised
from tests.engine.honest import Spoil, block, case, changed, faults, one_off, worked
from tests.engine.test_run import run

TEXT = "mse/float32/typical/7/mean/-/s3"
WEIGHTED = "mse/float32/typical/7/mean/weight=typical/s3"


def value_off(call: Call, was: Outcome) -> Outcome:
    """Another path once nothing, or one input alone, needs a gradient."""
    if len(call.gradient) > 1 or was.value is None or call.form == "module":
        return was
    return replace(was, value=changed(was.value, one_off))


def gradient_off(call: Call, was: Outcome) -> Outcome:
    if call.gradient != ("target",):
        return was
    return replace(was, gradients={n: changed(g, one_off) for n, g in was.gradients.items()})


def _alone(call: Call) -> bool:
    """Whether the target could have a gradient, and the prediction alone is asked for one."""
    return call.gradient == ("prediction",) and not call.dtypes


def gradient_gone(call: Call, was: Outcome) -> Outcome:
    return replace(was, gradients={}) if _alone(call) else was


def raising(call: Call, was: Outcome) -> Outcome:
    if not _alone(call):
        return was
    return replace(was, gradients={}, gradient_raised=Raised(("RuntimeError",), "no path"))


def test_a_value_that_depends_on_who_needs_a_gradient_is_told() -> None:
    book = worked(block("mse"), "gradient-path", [case(TEXT)], value_off)
    assert faults(book) == {("gradient-path", "gradient")}
    assert {fault.case.id.rpartition("+")[2] for fault in book.faults} == {
        "value-only", "prediction-alone", "target-alone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [(gradient_off, "gradient"), (gradient_gone, "gradient"), (raising, "exception")],
)
def test_a_gradient_on_a_path_of_its_own_is_caught_by_gradient_path_alone(
    spoil: Spoil, kind: str
) -> None:
    found = run(spoil)
    failing = {name for name, cell in found.items() if cell.verdict == "fail"}
    assert failing == {"gradient-path"}
    assert {each.kind for each in found["gradient-path"].findings} == {kind}


def test_weights_that_are_not_differentiated_are_no_finding() -> None:
    def refusing(call: Call, was: Outcome) -> Outcome:
        if "weight" not in call.gradient:
            return was
        return replace(was, value=None, raised=Raised(("RuntimeError",), "no derivative"))

    book = worked(block("mse"), "gradient-path", [case(WEIGHTED)], refusing)
    assert faults(book) == set()
    told = {each.id: each.verdict for each in book.tally("gradient-path").outcomes}
    assert told["with-weights"] == "n/a"
    assert told["value-only"] == "pass"


def test_a_value_that_changes_once_the_weights_need_a_gradient_is_told() -> None:
    def other(call: Call, was: Outcome) -> Outcome:
        if "weight" not in call.gradient or was.value is None:
            return was
        return replace(was, value=changed(was.value, one_off))

    book = worked(block("mse"), "gradient-path", [case(WEIGHTED)], other)
    assert faults(book) == {("gradient-path", "gradient")}
