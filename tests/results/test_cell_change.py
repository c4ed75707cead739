from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from conformance.results import compare_runs
from conformance.results.cell import Cell, Deviation
from conformance.results.cell_change import CellChange, added
from conformance.results.change import changes
from tests.results.runs import CELLS, cell, finding, row, run


def cells(base: Cell, head: Cell) -> CellChange:
    (found,) = compare_runs(run(base), run(head)).cells
    return found


def test_another_kind_of_fault_is_another_failure() -> None:
    failed = row(verdict="fail", worst_class="wrong")
    base = cell(failed, findings=(finding("value"),))
    assert cells(base, base).state == "still failing"
    head = cell(failed, findings=(finding("nan"),))
    assert cells(base, head).state == "different failure"


def test_a_cell_has_its_worst_state() -> None:
    base = cell(row("value:a"), row("value:b"))
    head = cell(row("value:a", "fail"), row("value:b", digest="cd"))
    assert cells(base, head).state == "new failure"
    assert cells(head, base).state == "fixed"


def test_a_deviation_that_is_gone_is_fixed() -> None:
    gone = Deviation("clipped", "a reason", "a source", cases=0)
    met = replace(gone, cases=1)
    base = cell(row(verdict="known"), known=(met,))
    head = cell(row(), verdict="xpass", known=(gone,))
    assert cells(base, head).state == "fixed"


def test_what_no_side_offers_is_no_change() -> None:
    nothing = cell(verdict="n/a", reason="not offered")
    assert compare_runs(run(nothing), run(nothing)).cells == ()


@given(base=CELLS, head=CELLS)
def test_a_cell_counts_each_of_its_cases_once(base: Cell, head: Cell) -> None:
    head = replace(head, property=base.property)
    found = cells(base, head)
    assert found.count() == len(changes(base, head)) == added([found]).total()


def test_of_the_cases_that_drift_the_one_nearest_to_its_bound_is_kept() -> None:
    base = cell(row("value:a"), row("value:b"), row("value:c", share=0.95))
    head = cell(
        row("value:a", digest="cd", share=0.3),
        row("value:b", digest="cd", share=0.9),
        row("value:c", share=0.95),
    )
    found = cells(base, head)
    assert found.count("drift") == 2
    assert found.drift is not None
    assert found.drift.case == "value:b"
    assert found.share == (0.95, 0.95)
    assert cells(base, base).share is None  # nothing moved


def test_a_change_of_a_cell_does_not_grow_with_its_cases() -> None:
    def kept(count: int) -> object:
        rows = [row(f"value:{at}", "fail", worst_class="wrong") for at in range(count)]
        found = cells(cell(*(row(each.case) for each in rows)), cell(*rows, findings=(finding(),)))
        return len(found.sorts), len(found.broken), found.count()

    assert (kept(1), kept(500)) == ((1, 1, 1), (1, 1, 500))
