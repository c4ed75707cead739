"""What a run finds that an earlier one, its base, did not: all that a gate has to stop."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from conformance.results.cell import Cell, Finding, Row
from conformance.results.groups import families_of, open_findings
from conformance.results.read import Results

FAILING = ("fail", "error")
Place = tuple[str, str, str, str]
"""Loss, property, family of the target and dtype: what a cell is compared by."""


def comparable(results: Results, base: Results) -> str | None:
    """Why the cases of two runs cannot be told new from old, or None; specs are no matter here."""
    one, other = results.manifest, base.manifest
    for name in ("profile", "seed"):
        if getattr(one, name) != getattr(other, name):
            return f"its {name} is {getattr(other, name)}, that of this run {getattr(one, name)}"
    return None


def new_findings(results: Results, base: Results) -> tuple[Finding, ...]:
    """The findings of a run that its base does not have too, in the order of the cells.

    A finding is old where the base's cell (same loss with the same spec, property, family of the
    target and dtype) has one of the same kind, fails in every case in which this cell fails, and
    is nowhere better. In doubt it is new: a case, spec or target that the base did not have makes
    every finding of the cell new.
    """
    families = families_of(results.manifest)
    there = _cells_of(base)
    changed = {
        name
        for name, loss in results.manifest.losses.items()
        if name not in base.manifest.losses or base.manifest.losses[name].digest != loss.digest
    }
    found: list[Finding] = []
    for cell in results.cells:
        if not (mine := open_findings(cell)):
            continue
        place = (cell.loss, cell.property, families.get(cell.target, cell.target), cell.dtype)
        was = _nearest(cell, there.get(place, ()))
        if was is None or cell.loss in changed or _worse(cell, was):
            found += mine
        else:
            old = {_nature(each) for each in open_findings(was)}
            found += [each for each in mine if _nature(each) not in old]
    return tuple(found)


def _cells_of(base: Results) -> Mapping[Place, list[Cell]]:
    families = families_of(base.manifest)
    there: dict[Place, list[Cell]] = defaultdict(list)
    for cell in base.cells:
        family = families.get(cell.target, cell.target)
        there[cell.loss, cell.property, family, cell.dtype].append(cell)
    return there


def _nearest(cell: Cell, candidates: Iterable[Cell]) -> Cell | None:
    """The cell of the very same target, else of another version of it."""
    ordered = sorted(candidates, key=lambda other: other.target != cell.target)
    return ordered[0] if ordered else None


def _nature(finding: Finding) -> tuple[str, str]:
    """The kind, and for a deviation that no longer happens which one."""
    return finding.kind, finding.rule if finding.kind == "xpass" else ""


def _worse(cell: Cell, was: Cell) -> bool:
    """Whether a case fails that did not, or by more, or in another way."""
    failed, outcomes = dict(_failing(was.rows)), {each.id: each for each in was.outcomes}
    for place, row in _failing(cell.rows):
        old = failed.get(place)
        if old is None or row.worst_class != old.worst_class or _size(row) > _size(old):
            return True
    for outcome in cell.outcomes:
        before = outcomes.get(outcome.id)
        if outcome.verdict in FAILING and (before is None or before.verdict != outcome.verdict):
            return True
    return False


def _failing(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, int], Row]]:
    """Rows that fail, by case and how often it came before: a gradient has a row an input."""
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        place = (row.case, seen[row.case])
        seen[row.case] += 1
        if row.verdict in FAILING:
            yield place, row


def _size(row: Row) -> float:
    """The error; a value of the wrong class has no distance, and nothing is further off."""
    if row.ulp is None:
        return 0.0
    return math.inf if math.isnan(row.ulp) else row.ulp
