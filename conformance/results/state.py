"""What became of a case between two runs: the ten states, and how two rows tell which it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, get_args

from conformance.results.cell import Row
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

ABSENT: tuple[Verdict, ...] = ("n/a", "not run")

_RANK: dict[Verdict, int] = {"known": 1, "fail": 2, "error": 2}

Kinds = Mapping[str, Kind]
"""What is wrong with a case, by its name, as far as the findings of its cell tell."""


def state_of(base: Row | None, head: Row | None, base_kinds: Kinds, head_kinds: Kinds) -> State:
    """The state of one case by its rows, of which one is there at least."""
    if head is not None and head.verdict == "not run":
        return "not run now"
    there = [row is not None and row.verdict not in ABSENT for row in (base, head)]
    if base is None or head is None or there[0] != there[1]:
        return "added" if there[1] or base is None else "removed"
    before, after = rank(base.verdict), rank(head.verdict)
    if before != after:
        return "new failure" if after > before else "fixed"
    if after == 0:
        return "same bits" if _same(base, head) else "drift"
    kinds = base_kinds.get(base.case), head_kinds.get(head.case)
    return "different failure" if after == 2 and _differ(base, head, kinds) else "still failing"


def rank(verdict: Verdict) -> int:
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
