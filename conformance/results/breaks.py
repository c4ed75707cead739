"""New failures by cause: what somebody has to look at before the upgrade, worst first."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.results.cell import Cell, Example, Finding
from conformance.results.change import CellChange, Change, State, finding_of
from conformance.results.groups import Cause, severity
from conformance.results.verdict import KINDS, Kind

BROKEN: tuple[State, ...] = ("new failure", "different failure", "added")
"""States of what fails in the head and did not fail so in the base."""


@dataclass(frozen=True)
class Broken:
    """One case that breaks, in its cell, with the finding of the head that explains it."""

    cell: CellChange
    change: Change
    finding: Finding | None


@dataclass(frozen=True)
class Break:
    """Cases that broke for one cause, in one state; `documented` ones are known deviations."""

    cause: Cause
    state: State
    documented: bool
    cases: tuple[Broken, ...]

    @property
    def worst(self) -> Broken:
        return min(self.cases, key=lambda each: _rank(each.finding))

    @property
    def smallest(self) -> Example | None:
        """The smallest case that broke and can be shown, of the worst finding first."""
        ordered = sorted(self.cases, key=lambda each: _rank(each.finding))
        broken = {each.change.case for each in self.cases}
        shown = [s for each in ordered if each.finding for s in each.finding.smallest]
        return next((each for each in shown if each.case in broken), shown[0] if shown else None)

    @property
    def replay(self) -> str:
        """The line that runs the smallest case again, on the target of the head."""
        example, worst = self.smallest, self.worst
        case = example.case if example else worst.change.case
        target = worst.cell.head.target if worst.cell.head else ""
        if case:
            return f"conformance replay {_quoted(case)} -t {_quoted(target)}"
        return worst.finding.replay if worst.finding else ""

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.cell.pair.name for each in self.cases))

    @property
    def dtypes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.cell.dtype for each in self.cases))


def breaks(cells: Iterable[CellChange]) -> tuple[Break, ...]:
    """What fails now and did not, or fails otherwise; undocumented and worst first."""
    found: dict[tuple[Cause, State, bool], list[Broken]] = defaultdict(list)
    for cell in cells:
        if cell.head is None:
            continue
        for change in cell.changes:
            if _broken(change):
                finding = _finding(cell.head, change)
                kind = finding.kind if finding else _kind(cell.head)
                cause = Cause(cell.loss, cell.property, kind, cell.pair.label)
                key = cause, change.state, change.documented
                found[key].append(Broken(cell, change, finding))
    made = [Break(*key, tuple(cases)) for key, cases in found.items()]
    return tuple(sorted(made, key=_order))


def _broken(change: Change) -> bool:
    """A case that is there for the first time breaks nothing by a documented departure."""
    return change.state in BROKEN and (
        change.fails or (change.documented and change.state != "added")
    )


def _quoted(text: str) -> str:
    """For a shell, whatever a foreign file holds; in the quotes of all other replay lines."""
    return shlex.quote(text) if "'" in text else f"'{text}'"


def _finding(cell: Cell, change: Change) -> Finding | None:
    """The finding of the case, else the worst of its cell that is documented, or not, as it is."""
    assert change.head is not None
    found = finding_of(cell, change.head)
    if found is not None:
        return found
    able = [each for each in cell.findings if (each.known is not None) == change.documented]
    return min(able, key=severity, default=None)


def _kind(cell: Cell) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    return "error" if cell.verdict == "error" else kinds.get(cell.property, "value")


def _rank(finding: Finding | None) -> tuple[int, float, float]:
    return severity(finding) if finding else (9, 0.0, 0.0)


def _order(entry: Break) -> tuple[bool, int, tuple[int, float, float], int, str, str, str, str]:
    cause, state = entry.cause, BROKEN.index(entry.state)
    rank, count = _rank(entry.worst.finding), -len(entry.cases)
    place = (cause.loss, cause.property, cause.kind, cause.family)
    return (entry.documented, state, rank, count, *place)
