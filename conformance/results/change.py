"""The cases of one cell on both sides, each with what became of it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conformance.results.blame import finding_of
from conformance.results.cell import Cell, Row
from conformance.results.state import ABSENT, Kinds, State, rank, state_of
from conformance.results.verdict import Verdict


class Change(NamedTuple):
    """One case on both sides; a side without it is None. An empty `case` stands for the whole cell."""

    state: State
    case: str
    base: Row | None
    head: Row | None


class Sort(NamedTuple):
    """What cases have in common that are counted together.

    `whole` ones stand for their cell, `exact` ones are not off on either side.
    """

    state: State
    base: Verdict | None
    head: Verdict | None
    whole: bool
    other_bits: bool
    exact: bool

    @property
    def fails(self) -> bool:
        """Fails in the head, and nobody has documented it."""
        return self.head is not None and rank(self.head) == 2

    @property
    def documented(self) -> bool:
        """Departs in the head as a known deviation says."""
        return self.head == "known"

    @property
    def counts(self) -> bool:
        """A cell that stands for its cases is none of them where nothing moved."""
        return not self.whole or self.state != "same bits"


def sort_of(change: Change) -> Sort:
    """What the change is counted with."""
    state, case, base, head = change
    exact = not (base and base.ulp) and not (head and head.ulp)
    if base is None or head is None:
        sides = (base and base.verdict, head and head.verdict)
        return Sort(state, *sides, not case, False, exact)
    bits = base.digest is not None and head.digest is not None and base.digest != head.digest
    return Sort(state, base.verdict, head.verdict, not case, bits, exact)


def use(change: Change) -> tuple[float, float]:
    """How near the head comes to its bound, then how far off it is."""
    row = change.head
    return (-1.0, -1.0) if row is None else (_size(row.share), _size(row.ulp))


def _size(number: float | None) -> float:
    """A share or an error to sort by: nothing is farther off than a value of the wrong class."""
    if number is None:
        return -1.0
    return math.inf if math.isnan(number) else number


def changes(base: Cell | None, head: Cell | None, state: State | None = None) -> list[Change]:
    """A change a case, of at least one; `state` overrules what the rows say."""
    found = [*_stand_ins(base, head, state), *_matched(base, head, state)]
    if found:
        return found
    # No cases on either side, and verdicts that say no more than that it ran.
    rows = [None if side is None else _stand_in(side) for side in (base, head)]
    return [_change(rows[0], rows[1], state, {}, {})]


def _stand_ins(base: Cell | None, head: Cell | None, state: State | None) -> Iterable[Change]:
    """The cell as one case, where its verdict says something that none of its cases does."""
    if any(side is not None and _untold(side) for side in (base, head)):
        rows = [
            _stand_in(side) if side is not None and side.verdict not in ABSENT else None
            for side in (base, head)
        ]
        yield _change(rows[0], rows[1], state, _kinds(base), _kinds(head))


def _untold(cell: Cell) -> bool:
    told = max((rank(verdict) for verdict in {row.verdict for row in cell.rows}), default=0)
    return rank(cell.verdict) > told


def _stand_in(cell: Cell) -> Row:
    return Row("", cell.verdict, None, None, None, None)


def _matched(base: Cell | None, head: Cell | None, state: State | None) -> Iterable[Change]:
    """Rows of one case in their order: a gradient has one for each input."""
    waiting: dict[str, list[Row]] = defaultdict(list)
    for row in reversed(base.rows if base else ()):
        waiting[row.case].append(row)
    base_kinds, head_kinds = _kinds(base), _kinds(head)
    for row in head.rows if head else ():
        before = waiting[row.case].pop() if waiting.get(row.case) else None
        yield _change(before, row, state, base_kinds, head_kinds)
    for rows in reversed(waiting.values()):
        for row in reversed(rows):
            yield _change(row, None, state, base_kinds, head_kinds)


def _change(
    base: Row | None,
    head: Row | None,
    state: State | None,
    base_kinds: Kinds,
    head_kinds: Kinds,
) -> Change:
    row = head or base
    case = row.case if row else ""
    return Change(state or state_of(base, head, base_kinds, head_kinds), case, base, head)


def _kinds(cell: Cell | None) -> Kinds:
    """The kind of each failing case that the findings tell."""
    if cell is None or not cell.findings:
        return {}
    rows: Sequence[Row] = [row for row in cell.rows if rank(row.verdict) == 2]
    if rank(cell.verdict) == 2:
        rows = [*rows, _stand_in(cell)]
    found = ((row.case, finding_of(cell, row)) for row in rows)
    return {case: finding.kind for case, finding in found if finding is not None}
