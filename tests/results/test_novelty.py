"""The gate of a run stops what is new: in doubt everything is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.results import Results
from conformance.results.cell import Cell, Finding, Row
from conformance.results.novelty import comparable, new_findings
from tests.results.test_merge import HEAD, TARGETS

PLACE = ("l1", "value", TARGETS[0], "float32")


def cell(*rows: tuple[str, float], kind: str = "value", place: tuple[str, ...] = PLACE) -> Cell:
    """A cell with a failing row for each case and error, and the finding behind them."""
    loss, name, target, dtype = place
    found: Any = {"loss": loss, "property": name, "target": target, "dtype": dtype}
    finding = Finding("f", kind=kind, case=rows[0][0], rule="", why="", replay="", **found)  # type: ignore[arg-type]
    failing = tuple(Row(case, "fail", "exceeds", ulp, None, None) for case, ulp in rows)
    return Cell(**found, verdict="fail", rows=failing, findings=(finding,))


def run(*cells: Cell, **changes: Any) -> Results:
    return Results(Path("run"), replace(HEAD, **changes), cells, None)


OLD = cell(("a", 4.0), ("b", 2.0))


def test_what_the_base_has_too_is_not_new() -> None:
    assert new_findings(run(OLD), run(OLD)) == ()
    assert new_findings(run(cell(("b", 2.0))), run(OLD)) == ()
    assert new_findings(run(cell(("a", 3.0))), run(OLD)) == ()


def test_another_version_of_a_target_is_held_to_the_old_one() -> None:
    newer = replace(HEAD.targets[0], name="torch==2.15.0@cpu", version="2.15.0")
    place = ("l1", "value", newer.name, "float32")
    head = run(cell(("a", 4.0), place=place), targets=(newer,))
    assert new_findings(head, run(OLD)) == ()


@pytest.mark.parametrize(
    "new",
    [
        cell(("a", 4.0), ("c", 1.0)),
        cell(("a", 5.0)),
        cell(("a", float("nan"))),
        cell(("a", 4.0), kind="nan"),
        cell(("a", 4.0), place=("l1", "value", TARGETS[0], "float64")),
        cell(("a", 4.0), place=("mse", "value", TARGETS[0], "float32")),
        cell(("a", 4.0), place=("l1", "value", TARGETS[1], "float32")),
        cell(("a", 4.0), place=("l1", "gradient", TARGETS[0], "float32")),
    ],
    ids=["case", "worse", "nan", "kind", "dtype", "loss", "target", "property"],
)
def test_anything_else_is_new(new: Cell) -> None:
    assert new_findings(run(new), run(OLD)) == new.findings


def test_a_changed_spec_makes_all_of_a_loss_new() -> None:
    other = {**HEAD.losses, "l1": replace(HEAD.losses["l1"], digest="0" * 64)}
    assert new_findings(run(OLD), run(OLD, losses=other)) == OLD.findings


def test_runs_of_another_seed_or_profile_are_not_comparable() -> None:
    assert comparable(run(), run()) is None
    assert "its seed is 1" in (comparable(run(), run(seed=1)) or "")
    assert "its profile is deep" in (comparable(run(), run(profile="deep")) or "")
