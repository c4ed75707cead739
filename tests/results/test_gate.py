from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.results import Results, compare_runs
from conformance.results.cell import Row
from conformance.results.diff import Diff
from conformance.results.gate import GATES, exit_code, gaps, gated, sentence
from tests.results.runs import cell, row, run

FAILED = row("value:b", "fail", worst_class="wrong", ulp=9.0)


def diff(base: Row, head: Row) -> Diff:
    return compare_runs(run(cell(row(), base)), run(cell(row(), head)))


@pytest.mark.parametrize(
    ("base", "head", "stops"),
    [
        (row("value:b"), FAILED, {"new", "different", "any", "drift"}),
        (FAILED, FAILED._replace(ulp=99.0), {"different", "any", "drift"}),
        (FAILED, FAILED, {"any", "drift"}),
        (row("value:b"), row("value:b", digest="cd"), {"drift"}),
        (row("value:b"), row("value:b", "known"), set()),
        (FAILED, row("value:b"), set()),
        (row("value:b"), row("value:b"), set()),
    ],
)
def test_each_gate_stops_at_what_it_names(base: Row, head: Row, stops: set[str]) -> None:
    found = diff(base, head)
    assert {gate for gate in GATES if exit_code(found, gate) == 1} == stops
    assert {gate for gate in GATES if gated(found, gate)} == stops


def test_a_new_case_that_fails_stops_the_gate_for_new_ones() -> None:
    found = compare_runs(run(cell(row())), run(cell(row(), FAILED)))
    assert exit_code(found) == 1


def incomplete() -> list[tuple[Results, Results, str]]:
    whole, half = run(cell(row())), replace(run(cell(row())), end=None)
    seeded = replace(whole, manifest=replace(whole.manifest, seed=1))
    return [(whole, half, "head"), (half, whole, "base"), (whole, seeded, "not comparable")]


@pytest.mark.parametrize(("base", "head", "told"), incomplete())
def test_what_is_missing_or_not_comparable_is_never_green(
    base: Results, head: Results, told: str
) -> None:
    found = compare_runs(base, head)
    assert {exit_code(found, gate) for gate in GATES} == {4}
    assert told in " ".join(gaps(found))
    assert sentence(found).startswith("Incomplete: ")


def test_a_new_failure_goes_before_what_is_missing() -> None:
    head = replace(run(cell(FAILED)), end=None)
    assert exit_code(compare_runs(run(cell(row("value:b"))), head)) == 1


def test_runs_that_share_nothing_compare_nothing() -> None:
    found = compare_runs(run(cell(row())), run(cell(row(), dtype="float64")))
    assert exit_code(found) == 5
    assert sentence(found).startswith("Nothing was compared")


def test_the_sentence_says_what_happened() -> None:
    assert sentence(diff(row("value:b"), FAILED)) == "Breaks: 1 case by 1 cause in 1 of 8 losses."
    assert sentence(diff(row("value:b"), row("value:b", digest="cd"))) == (
        "Nothing breaks: 1 case drifted within the bound, 1 case the same to the bit."
    )
    assert "1 new documented deviation" in sentence(diff(row("value:b"), row("value:b", "known")))
