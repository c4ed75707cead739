"""One cell on both sides, and what became of its cases: counts, and the cases that are told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.results.behaviour import Behaviour, manners
from conformance.results.broken import Broken, broken
from conformance.results.cell import Cell, Deviation, Row
from conformance.results.change import Change, Sort, changes, sort_of, use
from conformance.results.pairing import Pair
from conformance.results.state import STATES, State

MOVED: tuple[State, ...] = ("new failure", "different failure", "fixed", "drift")
"""States of cases that are there on both sides and are not as they were."""


@dataclass(frozen=True)
class Half:
    """What is kept of a cell on one side."""

    target: str
    known: tuple[Deviation, ...]


@dataclass(frozen=True)
class CellChange:
    """One cell on both sides; it does not grow with the number of its cases.

    `sorts` counts every case once. `drift` is the one that uses most of its bound now, `share` the
    largest use on either side by the cases of both, where some of these moved. `broken` and
    `behaviours` are what the cell adds to those of the whole diff. `reason` says why it did not run
    or is not comparable.
    """

    state: State
    loss: str
    property: str
    dtype: str
    pair: Pair
    base: Half | None
    head: Half | None
    sorts: Mapping[Sort, int]
    drift: Change | None = None
    share: tuple[float, float] | None = None
    broken: tuple[Broken, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    reason: str | None = None

    def count(self, *states: State) -> int:
        """Cases in any of the states, or all."""
        return sum(n for sort, n in self.sorts.items() if not states or sort.state in states)

    def in_both(self) -> bool:
        """Either side has it."""
        return self.base is not None and self.head is not None


def cell_change(
    pair: Pair,
    base: Cell | None,
    head: Cell | None,
    *,
    incomparable: str | None = None,
    missing: str | None = None,
) -> CellChange | None:
    """The change of a cell that one side has at least; None where neither side offers it.

    `incomparable` says why the two are no answers to one question, `missing` why the head lacks
    what it was asked for.
    """
    cell = head or base
    assert cell is not None
    if all(side is None or side.verdict == "n/a" for side in (base, head)):
        return None
    forced, reason = _forced(base, head, incomparable, missing)
    found = [(sort_of(change), change) for change in changes(base, head, forced)]
    sorts = Counter(sort for sort, _ in found)
    states = {sort.state for sort in sorts}
    worst = next(each for each in STATES if each in states)
    comparable = worst not in ("not run now", "not comparable")
    return CellChange(
        state=worst,
        loss=cell.loss,
        property=cell.property,
        dtype=cell.dtype,
        pair=pair,
        base=_half(base),
        head=_half(head),
        sorts=sorts,
        drift=max((c for s, c in found if s.state == "drift"), key=use, default=None),
        share=_share(change for _, change in found) if states & {*MOVED} else None,
        broken=broken(head, found) if head else (),
        behaviours=tuple(manners(pair, base, head)) if base and head and comparable else (),
        reason=reason,
    )


def added(cells: Iterable[CellChange]) -> Counter[Sort]:
    """The cases of several cells."""
    found: Counter[Sort] = Counter()
    for cell in cells:
        found.update(cell.sorts)
    return found


def _forced(
    base: Cell | None, head: Cell | None, incomparable: str | None, missing: str | None
) -> tuple[State | None, str | None]:
    """The state that all cases have, whatever their rows say, and why."""
    if head.verdict == "not run" if head else missing is not None:
        return "not run now", (head.reason if head else missing) or "no reason recorded"
    reason = incomparable or _changed_inputs(base, head)
    return ("not comparable", reason) if reason and base and head else (None, None)


def _changed_inputs(base: Cell | None, head: Cell | None) -> str | None:
    if base and head and base.inputs and head.inputs and base.inputs != head.inputs:
        return "the inputs of the drawn cases differ, though their recipes have the same names"
    return None


def _half(cell: Cell | None) -> Half | None:
    return None if cell is None else Half(cell.target, cell.known)


def _share(found: Iterable[Change]) -> tuple[float, float] | None:
    both = [(change.base, change.head) for change in found if change.base and change.head]
    base, head = _largest(row for row, _ in both), _largest(row for _, row in both)
    return None if base is None or head is None else (base, head)


def _largest(rows: Iterable[Row]) -> float | None:
    shares = (row.share for row in rows if row.share is not None)
    return max((math.inf if math.isnan(share) else share for share in shares), default=None)
