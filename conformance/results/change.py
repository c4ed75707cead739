"""What became of a case and of a cell between two runs: the ten states, and how they are told."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from conformance.results.cell import Cell, Finding, Row
from conformance.results.pairing import Pair
from conformance.results.verdict import Kind, Verdict

State = Literal[
    "new failure",
    "different failure",
    "not run now",
    "not comparable",
    "still failing",
    "fixed",
    "drift",
    "added",
    "removed",
    "same bits",
]

STATES: tuple[State, ...] = get_args(State)
"""Worst first: a cell has the first state that one of its cases has."""

STATE_SYMBOL: dict[State, str] = {
    "new failure": "✗",
    "different failure": "≠",
    "not run now": "–",
    "not comparable": "?",
    "still failing": "=",
    "fixed": "✓",
    "drift": "~",
    "added": "+",
    "removed": "−",
    "same bits": "·",
}

STATE_MEANING: dict[State, str] = {
    "new failure": "fails now and did not, or departs now in a documented way",
    "different failure": "failed before and fails now, in another way",
    "not run now": "has an answer in the base; was asked for and did not run in the head",
    "not comparable": "spec, profile, seed or inputs changed, so the two are no answers to one question",
    "still failing": "fails or departs in a documented way, as before",
    "fixed": "does not fail any more, or its documented deviation is gone",
    "drift": "the bits changed, and the result is still within its bound",
    "added": "is in the head alone",
    "removed": "is in the base alone",
    "same bits": "the same to the last bit; where no bits are recorded, the same verdict and numbers",
}

MUCH = 4.0
"""Errors that differ by more than two bits are two failures, not one."""

_RANK: dict[Verdict, int] = {"known": 1, "fail": 2, "error": 2}
_ABSENT: tuple[Verdict, ...] = ("n/a", "not run")


class Change(NamedTuple):
    """One case on both sides; a side without it is None. An empty `case` stands for the whole cell."""

    state: State
    case: str
    base: Row | None
    head: Row | None

    @property
    def fails(self) -> bool:
        """Fails in the head, and nobody has documented it."""
        return self.head is not None and _rank(self.head.verdict) == 2

    @property
    def documented(self) -> bool:
        """Departs in the head as a known deviation says."""
        return self.head is not None and self.head.verdict == "known"


@dataclass(frozen=True)
class CellChange:
    """One cell on both sides with its cases; `reason` says why it did not run or is not comparable."""

    state: State
    loss: str
    property: str
    dtype: str
    pair: Pair
    base: Cell | None
    head: Cell | None
    changes: tuple[Change, ...]
    reason: str | None = None


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
    reason = incomparable or _changed_inputs(base, head)
    if _gone(head, missing):
        state: State | None = "not run now"
        reason = (head.reason if head else missing) or "no reason recorded"
    else:
        state = "not comparable" if reason and base and head else None
        reason = reason if state else None
    changes = tuple(_changes(base, head, state))
    found = {change.state for change in changes}
    worst = next(each for each in STATES if each in found)
    return CellChange(
        worst, cell.loss, cell.property, cell.dtype, pair, base, head, changes, reason
    )


def kind_of(cell: Cell, row: Row) -> Kind | None:
    """What is wrong with a case, as far as the findings of its cell tell."""
    found = finding_of(cell, row)
    return found.kind if found else None


def finding_of(cell: Cell, row: Row) -> Finding | None:
    """The finding that names the case, else the only one that its verdict can stem from."""
    able = [each for each in cell.findings if (each.known is not None) == (row.verdict == "known")]
    for each in able:
        if row.case == each.case or any(row.case == shown.case for shown in each.smallest):
            return each
    return able[0] if len(able) == 1 else None


def _gone(head: Cell | None, missing: str | None) -> bool:
    return head.verdict == "not run" if head else missing is not None


def _changed_inputs(base: Cell | None, head: Cell | None) -> str | None:
    if base and head and base.inputs and head.inputs and base.inputs != head.inputs:
        return "the inputs of the drawn cases differ, though their recipes have the same names"
    return None


def _changes(base: Cell | None, head: Cell | None, state: State | None) -> Iterable[Change]:
    """A change a case; `state` overrules what the rows say."""
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
            _stand_in(side) if side is not None and side.verdict not in _ABSENT else None
            for side in (base, head)
        ]
        yield _change(rows[0], rows[1], state, _kinds(base), _kinds(head))


def _untold(cell: Cell) -> bool:
    told = max((_rank(verdict) for verdict in {row.verdict for row in cell.rows}), default=0)
    return _rank(cell.verdict) > told


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
    base_kinds: Mapping[str, Kind],
    head_kinds: Mapping[str, Kind],
) -> Change:
    row = head or base
    case = row.case if row else ""
    return Change(state or _state(base, head, base_kinds, head_kinds), case, base, head)


def _state(
    base: Row | None,
    head: Row | None,
    base_kinds: Mapping[str, Kind],
    head_kinds: Mapping[str, Kind],
) -> State:
    if head is not None and head.verdict == "not run":
        return "not run now"
    there = [row is not None and row.verdict not in _ABSENT for row in (base, head)]
    if base is None or head is None or there[0] != there[1]:
        return "added" if there[1] or base is None else "removed"
    before, after = _rank(base.verdict), _rank(head.verdict)
    if before != after:
        return "new failure" if after > before else "fixed"
    if after == 0:
        return "same bits" if _same(base, head) else "drift"
    kinds = base_kinds.get(base.case), head_kinds.get(head.case)
    return "different failure" if after == 2 and _differ(base, head, kinds) else "still failing"


def _rank(verdict: Verdict) -> int:
    """0 as the spec says, 1 a documented departure, 2 a failure."""
    return _RANK.get(verdict, 0)


def _same(base: Row, head: Row) -> bool:
    if base.digest is not None and head.digest is not None:
        return base.digest == head.digest
    numbers = zip((base.ulp, base.share), (head.ulp, head.share), strict=True)
    return base.worst_class == head.worst_class and all(_equal(*each) for each in numbers)


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or (math.isnan(one) and math.isnan(other))


def _differ(base: Row, head: Row, kinds: tuple[Kind | None, Kind | None]) -> bool:
    if base.verdict != head.verdict or base.worst_class != head.worst_class:
        return True
    if None not in kinds and kinds[0] != kinds[1]:
        return True
    return _apart(base.ulp, head.ulp)


def _apart(one: float | None, other: float | None) -> bool:
    if one is None or other is None or math.isnan(one) or math.isnan(other):
        return not _equal(one, other)
    least, most = sorted((abs(one), abs(other)))
    return most > MUCH * least


def _kinds(cell: Cell | None) -> Mapping[str, Kind]:
    """The kind of each failing case that the findings tell."""
    if cell is None or not cell.findings:
        return {}
    rows: Sequence[Row] = [row for row in cell.rows if _rank(row.verdict) == 2]
    if _rank(cell.verdict) == 2:
        rows = [*rows, _stand_in(cell)]
    kinds = ((row.case, kind_of(cell, row)) for row in rows)
    return {case: kind for case, kind in kinds if kind is not None}
