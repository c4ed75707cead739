from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.results import compare_runs
from conformance.results.behaviour import normal, reaction
from conformance.results.cell import Cell, Outcome
from conformance.results.manifest import Algorithm, Target
from tests.results.runs import NEWER, TORCH, cell, finding, row, run


def outcome(actual: Any, verdict: Any = "pass") -> Outcome:
    return Outcome("lengths-differ", {}, "ValueError", actual, verdict)


def changes(base: Cell, head: Cell) -> list[tuple[str, ...]]:
    found = compare_runs(run(base), run(head)).behaviours
    return [(each.what, each.case, each.base, each.head, *each.dtypes) for each in found]


def refusal(actual: Any, dtype: str = "float32") -> Cell:
    return cell(row(), property="error", outcomes=(outcome(actual),), dtype=dtype)


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        ("ValueError: shapes", "ValueError"),
        ("torch.OutOfMemoryError: no", "torch.OutOfMemoryError"),
        ("float64[1, 2]", "accepted"),
        ((0.5, 1.0), "accepted"),
        ("death: signal 11", "the worker died"),
        ("NaN", "accepted"),
        (None, None),
    ],
)
def test_an_answer_tells_what_the_call_did(answer: Any, due: str | None) -> None:
    assert reaction(outcome(answer)) == due


def test_another_class_or_acceptance_is_a_change_and_another_message_is_none() -> None:
    base = refusal("ValueError: shapes (2,) and (3,)")
    assert changes(base, refusal("ValueError: sizes 2, 3")) == []
    assert changes(base, refusal("TypeError: shapes")) == [
        ("exception", "lengths-differ", "ValueError", "TypeError", "float32")
    ]
    assert changes(base, refusal("float32[0.5]")) == [
        ("exception", "lengths-differ", "ValueError", "accepted", "float32")
    ]


def test_dtypes_that_change_alike_are_one_change() -> None:
    dtypes = ("float64", "float32")
    base = run(*(refusal("ValueError: a", dtype) for dtype in dtypes))
    head = run(*(refusal("TypeError: a", dtype) for dtype in dtypes))
    (found,) = compare_runs(base, head).behaviours
    assert found.dtypes == dtypes


def test_another_dtype_of_an_answer_is_a_change() -> None:
    found = changes(refusal("float32[0.5]"), refusal("float64[0.5]"))
    assert found == [("dtype", "lengths-differ", "float32", "float64", "float32")]


def test_a_dtype_that_turns_wrong_is_told_with_what_came() -> None:
    base = cell(row(), property="dtype")
    head = cell(
        row(verdict="fail"), property="dtype", findings=(finding("dtype", actual="float64"),)
    )
    assert changes(base, head) == [("dtype", "", "as the spec says", "float64", "float32")]


def test_new_and_gone_warnings_are_told_and_numbers_in_them_are_not() -> None:
    base = cell(row(), warnings=("UserWarning: size (torch.Size([2]))", "FutureWarning: old"))
    head = cell(row(), warnings=("UserWarning: size (torch.Size([31]))", "UserWarning: new"))
    assert sorted(changes(base, head)) == [
        ("warning", "", "FutureWarning: old", "none", "float32"),
        ("warning", "", "none", "UserWarning: new", "float32"),
    ]
    assert normal("at 0x7f31 in line 12") == normal("at 0x11 in line 3")


def test_what_a_binding_declares_otherwise_is_told() -> None:
    steps = {"l1": Algorithm("a", "b", "each_op")}

    def declared(target: Target, choice: str, rounding: str) -> Target:
        algorithm = {"l1": replace(steps["l1"], rounding=rounding)}
        return replace(target, conventions={"l1": {"empty-mean": choice}}, algorithms=algorithm)

    head = cell(row(), target=NEWER.name)
    found = compare_runs(
        run(cell(row()), targets=[declared(TORCH, "nan", "each_op")]),
        run(head, targets=[declared(NEWER, "zero", "once")]),
    ).behaviours
    assert [(b.what, b.case, b.base, b.head) for b in found] == [
        ("convention", "empty-mean", "nan", "zero"),
        ("algorithm", "rounding", "each_op", "once"),
    ]


def test_what_is_not_comparable_has_no_manners() -> None:
    base, head = refusal("ValueError: a"), refusal("TypeError: a")
    diff = compare_runs(run(base), replace_seed(run(head)))
    assert diff.behaviours == ()


def replace_seed(results: Any) -> Any:
    return replace(results, manifest=replace(results.manifest, seed=1))
