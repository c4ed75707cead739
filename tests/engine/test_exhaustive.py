"""One wrong value among all of them is found, told by its sample alone, and labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.replay import rebuild
from conformance.engine.book import Book
from conformance.engine.exhaustive import EXHAUSTIVE, EXHAUSTIVE_GRADIENT, tasks
from conformance.results.cell import Deviation
from tests.engine.honest import LOSSES, block, changed, honest, unexplained, untouched


def swept(name, dtype="bfloat16", *, spoil=untouched, explain=unexplained, most=3):
    """The book after the first few sweeps of a loss."""
    place = block(name, dtype)
    kept = Book(name, place.side.name, dtype, explain)
    for task, _ in zip(tasks(place, kept), range(most), strict=False):
        task.judge(kept, [spoil(call, honest(call)) for call in task.calls])
    return kept


def spoiled(change, *, gradient=None):
    def spoil(call, outcome):
        if gradient is None:
            return replace(outcome, value=changed(outcome.value, change))
        slopes = {**outcome.gradients, gradient: changed(outcome.gradients[gradient], change)}
        return replace(outcome, gradients=slopes)

    return spoil


@pytest.mark.parametrize("loss", ["l1", "mse", "binary_cross_entropy_with_logits"])
def test_an_honest_target_passes_and_is_labelled_exhaustive(loss):
    kept = swept(loss)
    for name in (EXHAUSTIVE, EXHAUSTIVE_GRADIENT):
        cell = kept.tally(name).cell()
        assert (cell.verdict, cell.coverage) == ("pass", "exhaustive")
        assert cell.elements > 3 * 65_000
    assert kept.faults == []


def one_wrong(values):
    values[12_345] *= 1.25
    return values


def test_one_wrong_value_of_all_is_found_and_told_alone():
    kept = swept("mse", spoil=spoiled(one_wrong), most=1)
    [fault] = kept.faults
    assert fault.property == EXHAUSTIVE
    assert [array.size for array in fault.case.inputs.values()] == [1, 1]
    again = rebuild(fault.case.id, LOSSES)
    assert again.digest() == fault.case.digest()
    assert kept.tally(EXHAUSTIVE).cell().verdict == "fail"


def test_one_wrong_slope_of_all_is_found():
    kept = swept("mse", spoil=spoiled(one_wrong, gradient="target"), most=1)
    [fault] = kept.faults
    assert (fault.property, fault.input) == (EXHAUSTIVE_GRADIENT, "target")


def test_failures_of_two_kinds_are_two_faults():
    def two(values):
        values[12_345] = np.nan
        values[20_000] *= 2.0
        return values

    kept = swept("mse", spoil=spoiled(two), most=1)
    assert {fault.kind for fault in kept.faults} == {"nan", "value"}


def test_a_known_deviation_explains_its_kind_and_leaves_the_other():
    def two(values):
        values[12_345] = np.nan
        values[20_000] *= 2.0
        return values

    def explain(fault):
        assert fault.property == "value"
        return Deviation("known", "reason", "source") if fault.kind == "nan" else None

    kept = swept("mse", spoil=spoiled(two), explain=explain, most=1)
    assert [fault.kind for fault in kept.faults] == ["value"]
    cell = kept.tally(EXHAUSTIVE).cell()
    assert cell.classes["known"] == 1
    assert [each.id for each in cell.known] == ["known"]


def test_a_wrong_shape_is_told_once_a_sweep():
    kept = swept("l1", spoil=spoiled(lambda values: values[:-1]), most=1)
    assert [fault.kind for fault in kept.faults] == ["shape"]


def test_what_is_not_swept_says_why():
    kept = swept("l1", "float32")
    assert next(iter(kept.skipped[EXHAUSTIVE])).startswith("float32 has too many values")
