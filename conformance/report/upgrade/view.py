"""A diff as the lists that every format shows: drift, gaps, fixed, added and removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.report.matrix import property_order
from conformance.results.cell_change import CellChange
from conformance.results.change import Change, use
from conformance.results.diff import Diff
from conformance.results.pairing import Pair
from conformance.results.state import State


@dataclass(frozen=True)
class Drift:
    """The cases of one cell whose bits changed; `worst` is the one that uses most of its bound now."""

    cell: CellChange
    cases: int
    compared: int
    worst: Change


@dataclass(frozen=True)
class Gap:
    """What has no comparison, and why: cases of the base that did not run, or are not comparable."""

    state: State
    place: str
    reason: str
    cases: int
    losses: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Cases of one state in one loss, property and pair; `notes` tells which deviations it is about."""

    state: State
    loss: str
    property: str
    pair: Pair
    dtypes: tuple[str, ...]
    cases: int
    notes: tuple[str, ...] = ()


def drifts(diff: Diff) -> tuple[Drift, ...]:
    """A line a cell with drift, the largest use of the bound first."""
    found = [
        Drift(cell, cell.count("drift"), cell.count(), cell.drift)
        for cell in diff.cells
        if cell.drift is not None
    ]
    return tuple(sorted(found, key=lambda each: use(each.worst), reverse=True))


def gaps(diff: Diff) -> tuple[Gap, ...]:
    """Not run now, then not comparable, by target and reason."""
    cases: dict[tuple[State, str, str], int] = defaultdict(int)
    losses: dict[tuple[State, str, str], dict[str, None]] = defaultdict(dict)
    states: tuple[State, ...] = ("not run now", "not comparable")
    for cell in diff.cells:
        for state in states:
            count = cell.count(state)
            if count:
                key = (state, cell.pair.name, cell.reason or "no reason recorded")
                cases[key] += count
                losses[key][cell.loss] = None
    found = [Gap(*key, count, tuple(losses[key])) for key, count in cases.items()]
    return tuple(sorted(found, key=lambda gap: states.index(gap.state)))


def groups(diff: Diff, state: State) -> tuple[Group, ...]:
    """The cases of one state by loss, property and pair, most first."""
    found: dict[tuple[str, str, str], list[tuple[CellChange, int]]] = defaultdict(list)
    for cell in diff.cells:
        count = cell.count(state)
        if count:
            found[cell.loss, cell.property, cell.pair.name].append((cell, count))
    made = [_group(state, entries) for entries in found.values()]
    return tuple(sorted(made, key=lambda each: (-each.cases, each.loss, each.property)))


def _group(state: State, entries: list[tuple[CellChange, int]]) -> Group:
    cell = entries[0][0]
    return Group(
        state=state,
        loss=cell.loss,
        property=cell.property,
        pair=cell.pair,
        dtypes=tuple(dict.fromkeys(each.dtype for each, _ in entries)),
        cases=sum(count for _, count in entries),
        notes=tuple(dict.fromkeys(note for each, _ in entries for note in _notes(state, each))),
    )


def _notes(state: State, cell: CellChange) -> Iterable[str]:
    """Deviations that are gone, or that go on."""
    side = cell.base if state == "fixed" else cell.head
    gone = state == "fixed"
    verdicts = {sort.base if gone else sort.head for sort in cell.sorts if sort.state == state}
    if side is None or "known" not in verdicts:
        return
    for deviation in side.known:
        if not gone or cell.head is None or not _met(cell, deviation.id):
            yield f"deviation {deviation.id}{' gone' if gone else ''}"


def _met(cell: CellChange, id: str) -> bool:
    """The deviation still explains cases of the head."""
    assert cell.head is not None
    return any(each.id == id and each.cases for each in cell.head.known)


def properties(cells: Iterable[CellChange]) -> tuple[str, ...]:
    return tuple(sorted({cell.property for cell in cells}, key=property_order))
