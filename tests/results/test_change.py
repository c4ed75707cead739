from __future__ import annotations

from collections import Counter

from hypothesis import given

from conformance.results.cell import Cell, Row
from conformance.results.change import changes, sort_of, use
from tests.results.runs import CELLS, cell, finding, row


def test_rows_of_one_case_are_paired_in_their_order() -> None:
    base = cell(row(digest="x"), row(digest="y"))
    assert [change.state for change in changes(base, base)] == ["same bits", "same bits"]
    turned = cell(row(digest="y"), row(digest="x"))
    assert [change.state for change in changes(base, turned)] == ["drift", "drift"]
    fewer = changes(base, cell(row(digest="x")))
    assert [change.state for change in fewer] == ["same bits", "removed"]


def test_a_verdict_without_a_case_is_a_change_of_the_cell() -> None:
    base, head = cell(row()), cell(row(), verdict="fail", findings=(finding("crash"),))
    assert [(c.case, c.state) for c in changes(base, head)] == [
        ("", "new failure"),
        ("value:a", "same bits"),
    ]
    assert changes(head, base)[0].state == "fixed"


@given(base=CELLS, head=CELLS)
def test_every_row_of_both_sides_is_in_exactly_one_change(base: Cell, head: Cell) -> None:
    found = [change for change in changes(base, head) if change.case]
    for given_rows, side in ((base.rows, "base"), (head.rows, "head")):
        told: Counter[Row | None] = Counter(getattr(change, side) for change in found)
        del told[None]
        assert told == Counter(given_rows)


def test_cases_are_counted_apart_by_all_that_a_reader_of_counts_asks() -> None:
    (drift,) = changes(cell(row(ulp=0.0)), cell(row(ulp=0.0, digest="cd")))
    assert sort_of(drift) == ("drift", "pass", "pass", False, True, True)
    (other,) = changes(cell(row(verdict="known")), cell(row(verdict="known", digest="cd")))
    assert sort_of(other)[3:] == (False, True, False)
    (whole,) = changes(cell(), cell())
    assert sort_of(whole).whole
    assert not sort_of(whole).counts
    assert sort_of(changes(cell(row()), cell(row(verdict="fail")))[0]).fails
    assert sort_of(changes(cell(row()), cell(row(verdict="known")))[0]).documented


def test_nothing_uses_more_of_its_bound_than_a_value_of_the_wrong_class() -> None:
    heads = [row(share=None), row(share=0.9), row(share=float("nan"))]
    uses = [use(changes(cell(row()), cell(head))[0]) for head in heads]
    assert uses == sorted(uses)
