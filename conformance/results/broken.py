"""The cases of one cell that break, by the finding that stands behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.results.blame import finding_of
from conformance.results.cell import Cell, Example, Finding
from conformance.results.change import Change, Sort
from conformance.results.groups import severity
from conformance.results.state import State
from conformance.results.verdict import KINDS, Kind

BROKEN: tuple[State, ...] = ("new failure", "different failure", "added")
"""States of what fails in the head and did not fail so in the base."""


@dataclass(frozen=True)
class Broken:
    """Cases of one cell that break in one state and by one finding of the head.

    `change` is the first of them, `example` the first case that the finding shows and that broke.
    """

    state: State
    documented: bool
    kind: Kind
    finding: Finding | None
    cases: int
    change: Change
    example: Example | None

    @property
    def rank(self) -> tuple[int, float, float]:
        """Sorts worst first."""
        return severity(self.finding) if self.finding else (9, 0.0, 0.0)


def breaks(sort: Sort) -> bool:
    """Whether a case breaks; one that is there for the first time does not by a documented departure."""
    return sort.state in BROKEN and (sort.fails or (sort.documented and sort.state != "added"))


def broken(head: Cell, changes: Iterable[tuple[Sort, Change]]) -> tuple[Broken, ...]:
    """What breaks among the changes of a cell that the head has."""
    kinds: dict[tuple[State, bool, Kind], dict[int, list[Change]]] = defaultdict(dict)
    for sort, change in changes:
        if breaks(sort):
            at = _place(head, change, sort.documented)
            kind = _kind(head) if at is None else head.findings[at].kind
            place = kinds[sort.state, sort.documented, kind]
            place.setdefault(-1 if at is None else at, []).append(change)
    return tuple(
        _broken(*key, None if at < 0 else head.findings[at], found, by_finding.values())
        for key, by_finding in kinds.items()
        for at, found in by_finding.items()
    )


def _broken(
    state: State,
    documented: bool,
    kind: Kind,
    finding: Finding | None,
    changes: list[Change],
    alike: Iterable[list[Change]],
) -> Broken:
    names = {change.case for every in alike for change in every}
    shown = finding.smallest if finding else ()
    example = next((each for each in shown if each.case in names), None)
    return Broken(state, documented, kind, finding, len(changes), changes[0], example)


def _place(cell: Cell, change: Change, documented: bool) -> int | None:
    """Where the case's finding is in its cell; else the worst that is documented, or not, as it is."""
    assert change.head is not None
    found = finding_of(cell, change.head)
    if found is None:
        able = [each for each in cell.findings if (each.known is not None) == documented]
        found = min(able, key=severity, default=None)
    return next((at for at, each in enumerate(cell.findings) if each is found), None)


def _kind(cell: Cell) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    return "error" if cell.verdict == "error" else kinds.get(cell.property, "value")
