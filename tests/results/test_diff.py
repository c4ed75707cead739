from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from conformance.results import (
    Results,
    ResultsWriter,
    compare_files,
    compare_runs,
    read_results,
)
from conformance.results.cell_change import added
from conformance.results.diff import Diff
from conformance.results.state import STATES, State
from conformance.results.verdict import Verdict
from tests.report.sample import Size, sample
from tests.report.sample.upgrade import BROKEN, DRIFTED, MISSING, REWRITTEN, upgraded
from tests.results.runs import KERAS, NEWER, RUNS, TORCH, cell, row, run


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return sample(tmp_path_factory.mktemp("diff"), Size(cases=800))


@pytest.fixture(scope="module")
def diff(base: Results) -> Diff:
    return compare_runs(base, upgraded(base))


def states(diff: Diff, place: tuple[str, str, str]) -> Counter[State]:
    loss, name, dtype = place
    mine = [
        cell
        for cell in diff.cells
        if (cell.loss, cell.property, cell.dtype) == (loss, name, dtype)
        and cell.pair.label == "torch"
    ]
    return Counter({state: n for state in STATES if (n := sum(c.count(state) for c in mine))})


def test_every_planted_change_is_found_and_nothing_else(diff: Diff) -> None:
    rows = next(cell for cell in diff.cells if cell.loss == "l1").count()
    assert states(diff, BROKEN) == {"new failure": 3, "same bits": rows - 3}
    assert states(diff, DRIFTED) == {"drift": rows}
    assert states(diff, MISSING) == {"not run now": rows}
    assert set(states(diff, (REWRITTEN, "value", "float32"))) == {"not comparable"}
    assert diff.cases["fixed"] == 2
    assert diff.cases["added"] == diff.cases["removed"] == diff.cases["different failure"] == 0


def test_a_changed_spec_is_not_comparable_and_says_so(diff: Diff) -> None:
    assert dict(diff.incomparable) == {REWRITTEN: "the spec has changed"}
    for found in diff.cells:
        if found.loss == REWRITTEN and found.base and found.head:
            assert found.state in ("not comparable", "not run now")


@pytest.mark.parametrize(("key", "value"), [("profile", "deep"), ("seed", 1)])
def test_another_profile_or_seed_compares_nothing(base: Results, key: str, value: object) -> None:
    head = replace(base, manifest=replace(base.manifest, **{key: value}))
    diff = compare_runs(base, head)
    told = {state for state in STATES if diff.cases[state]}
    assert told <= {"not comparable", "not run now"}
    assert f"the {key} was {getattr(base.manifest, key)} and is {value}" in set(
        diff.incomparable.values()
    )


def test_changed_inputs_are_not_comparable() -> None:
    base, head = cell(row(), inputs="aa"), cell(row(verdict="fail"), inputs="bb")
    diff = compare_runs(run(base), run(head))
    assert diff.cases["not comparable"] == 1
    assert diff.cells[0].reason == (
        "the inputs of the drawn cases differ, though their recipes have the same names"
    )
    assert compare_runs(run(replace(base, inputs=None)), run(head)).cases["new failure"] == 1


def test_cells_of_one_side_are_added_or_removed() -> None:
    first, second = cell(row()), cell(row(), property="gradient")
    diff = compare_runs(run(first), run(first, second))
    assert (diff.cases["added"], diff.cases["same bits"]) == (1, 1)
    assert compare_runs(run(first, second), run(first)).cases["removed"] == 1


def test_a_cell_that_a_cut_run_did_not_come_to_did_not_run() -> None:
    first, second = cell(row()), cell(row(), property="gradient")
    cut = replace(run(first), end=None)
    diff = compare_runs(run(first, second), cut)
    assert diff.cases["not run now"] == 1
    assert diff.cells[1].reason == "the run of the head was cut short"


def test_a_target_that_could_not_start_did_not_run() -> None:
    absent = replace(NEWER, status="not run", reason="no wheel for this Python")
    diff = compare_runs(run(cell(row())), run(targets=[absent]))
    assert [each.state for each in diff.cells] == ["not run now"]
    assert diff.cells[0].reason == "no wheel for this Python"


def test_a_target_that_nobody_asked_for_again_is_removed() -> None:
    both = run(cell(row()), cell(row(), target=KERAS.name), targets=[TORCH, KERAS])
    diff = compare_runs(both, run(cell(row())))
    assert (diff.cases["removed"], diff.cases["not run now"]) == (1, 0)


def test_the_lock_names_what_moved(diff: Diff) -> None:
    assert [(c.place, c.name, c.base, c.head) for c in diff.lock] == [
        ("torch", "torch", "2.13.0", "2.15.0"),
        ("torch", "Python", "3.11.9", "3.12.1"),
        ("torch", "numpy", "2.3.4", "2.4.0"),
    ]


def test_of_a_side_that_did_not_run_the_packages_are_no_change() -> None:
    gone = replace(NEWER, status="not run", reason="libgone.so is missing")
    there = replace(TORCH, packages={"numpy": "2.4.0"}, python="3.11.9")
    diff = compare_runs(run(cell(row()), targets=[there]), run(targets=[gone], planned=1))
    assert [(c.name, c.base, c.head) for c in diff.lock] == [("torch", "2.13.0", "2.15.0")]


@settings(max_examples=100)
@given(base=RUNS)
def test_a_run_against_itself_moves_nothing(base: Results) -> None:
    diff = compare_runs(base, base)
    assert {state for state in STATES if diff.cases[state]} <= {"same bits", "still failing"}
    assert {each.state for each in diff.cells} <= {"same bits", "still failing"}
    assert not diff.breaks
    assert not diff.behaviours
    assert not diff.lock


MIRROR: dict[State, State] = {
    "added": "removed",
    "removed": "added",
    "new failure": "fixed",
    "fixed": "new failure",
}


@settings(max_examples=100)
@given(base=RUNS, head=RUNS)
def test_the_other_way_round_everything_is_mirrored(base: Results, head: Results) -> None:
    there, back = compare_runs(base, head), compare_runs(head, base)
    for state in STATES:
        assert there.cases[state] == back.cases[MIRROR.get(state, state)]


@settings(max_examples=100)
@given(base=RUNS, head=RUNS)
def test_every_row_of_both_sides_is_counted_once(base: Results, head: Results) -> None:
    sorts = added(compare_runs(base, head).cells)
    for run_, side in ((base, "base"), (head, "head")):
        told: Counter[Verdict | None] = Counter()
        for sort, count in sorts.items():
            if not sort.whole:
                told[getattr(sort, side)] += count
        del told[None]
        assert told == Counter(each.verdict for found in run_.cells for each in found.rows)


def test_a_loss_that_nobody_asked_for_again_is_removed_even_where_the_head_was_cut_short() -> None:
    other = replace(cell(row()), loss="mse")
    head = run(cell(row()))
    few = {name: loss for name, loss in head.manifest.losses.items() if name != "mse"}
    cut = replace(head, manifest=replace(head.manifest, losses=few), end=None)
    diff = compare_runs(run(cell(row()), other), cut)
    assert (diff.cases["removed"], diff.cases["not run now"]) == (1, 0)


def test_files_give_the_diff_of_their_results(base: Results) -> None:
    head = upgraded(base)
    kept = base.path.with_name("head.jsonl.gz")
    with ResultsWriter(kept, head.manifest) as writer:
        for each in head.cells:
            writer.cell(each)
        assert head.end is not None
        writer.end(seconds=1.0, exit=0, verdict="")
    of_files = compare_files(base.path, kept)
    of_runs = compare_runs(base, read_results(kept))
    assert (of_files.cells, of_files.cases) == (of_runs.cells, of_runs.cases)
    assert (of_files.breaks, of_files.behaviours) == (of_runs.breaks, of_runs.behaviours)
    assert (of_files.base.absent, of_files.head) == (of_runs.base.absent, of_runs.head)


def test_the_results_need_not_come_from_a_file(tmp_path: Path) -> None:
    assert not list(tmp_path.iterdir())
    assert compare_runs(run(cell(row())), run(cell(row()))).cases["same bits"] == 1
