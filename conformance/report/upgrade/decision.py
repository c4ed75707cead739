"""May the upgrade go out? One row a loss that is in use, and target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.report import wording
from conformance.report.upgrade.view import properties
from conformance.results.broken import BROKEN
from conformance.results.cell_change import CellChange, added
from conformance.results.change import Change, Sort, use
from conformance.results.diff import Diff
from conformance.results.state import State

Word = Literal[
    "breaks",
    "not comparable",
    "not run",
    "new deviation",
    "fails as before",
    "drifts",
    "fixed",
    "same bits",
    "not in both",
]

WORD_SYMBOL: dict[Word, str] = {
    "breaks": "✗",
    "not comparable": "?",
    "not run": "–",
    "new deviation": "◐",
    "fails as before": "=",
    "drifts": "~",
    "fixed": "✓",
    "same bits": "✓",
    "not in both": "–",
}


@dataclass(frozen=True)
class Decision:
    """The worst that happens to one loss on one target, in a word and in numbers."""

    loss: str
    target: str
    word: Word
    text: str

    @property
    def symbol(self) -> str:
        return WORD_SYMBOL[self.word]


def decisions(diff: Diff, in_use: Sequence[str] = ()) -> tuple[Decision, ...]:
    """A row a loss in use, or every loss where none is named, and pair of targets; worst first."""
    names = tuple(dict.fromkeys(in_use)) or tuple(
        dict.fromkeys([*diff.head.manifest.losses, *diff.base.manifest.losses])
    )
    found = []
    for loss in names:
        mine = [cell for cell in diff.cells if cell.loss == loss]
        if not mine:
            text = "neither run has this loss; compare runs that have it"
            found.append(Decision(loss, "every target", "not in both", text))
        for pair in diff.pairs:
            cells = [cell for cell in mine if cell.pair is pair]
            if cells:
                word, text = _decided(cells)
                found.append(Decision(loss, pair.name, word, text))
    order: tuple[Word, ...] = get_args(Word)
    return tuple(sorted(found, key=lambda each: order.index(each.word)))


def _decided(cells: list[CellChange]) -> tuple[Word, str]:
    sorts = Counter({sort: count for sort, count in added(cells).items() if sort.counts})
    if broken := _count(sorts, _breaks):
        where = [cell for cell in cells if any(map(_breaks, cell.sorts))]
        return "breaks", f"{_cases(broken)} in {', '.join(properties(where))}"
    for word, state in _MISSING:
        if missing := _in(sorts, state):
            reason = next(cell.reason for cell in cells if cell.reason)
            return word, f"{_cases(missing)}: {reason}"
    if not any(cell.in_both() for cell in cells):
        there = "head" if cells[0].head else "base"
        return "not in both", f"{_cases(sorts.total())}, in the {there} alone"
    if fresh := _count(sorts, _new_deviation):
        return "new deviation", f"{_cases(fresh)}: {', '.join(_deviations(cells))}"
    if any(sort.state == "still failing" and sort.fails for sort in sorts):
        return "fails as before", _rest(sorts)
    if drifts := [cell.drift for cell in cells if cell.drift is not None]:
        return "drifts", _drift(max(drifts, key=use), sorts)
    return _quiet(sorts)


def _quiet(sorts: Counter[Sort]) -> tuple[Word, str]:
    """Nothing that conforms on both sides moved; what departs in a documented way still may have."""
    other = _count(sorts, lambda sort: sort.state == "still failing" and sort.other_bits)
    if other:
        return "drifts", f"{_cases(other)} of a documented deviation, {_rest(sorts)}"
    return "fixed" if _in(sorts, "fixed") else "same bits", _rest(sorts)


def _count(sorts: Counter[Sort], holds: Callable[[Sort], bool]) -> int:
    return sum(count for sort, count in sorts.items() if holds(sort))


def _in(sorts: Counter[Sort], state: State) -> int:
    return _count(sorts, lambda sort: sort.state == state)


def _breaks(sort: Sort) -> bool:
    return sort.fails and sort.state in BROKEN


def _new_deviation(sort: Sort) -> bool:
    return sort.documented and sort.state == "new failure"


_MISSING: tuple[tuple[Word, State], ...] = (
    ("not comparable", "not comparable"),
    ("not run", "not run now"),
)


def _cases(count: int) -> str:
    return wording.plural(count, "case")


def _deviations(cells: list[CellChange]) -> tuple[str, ...]:
    fresh = [
        deviation.id
        for cell in cells
        if cell.head and any(map(_new_deviation, cell.sorts))
        for deviation in cell.head.known
        if deviation.cases
    ]
    return tuple(dict.fromkeys(fresh))


def _drift(worst: Change, sorts: Counter[Sort]) -> str:
    row = worst.head
    assert row is not None  # a drift has both sides
    far = f"up to {wording.ulp(row.ulp)} ulp off"
    if all(sort.exact for sort in sorts if sort.state == "drift"):
        far = "equal numbers in other bits, as a NaN or a zero of another sign"
    bound = f" ({wording.share(row.share)} of the bound)" if row.share is not None else ""
    return f"{far}{bound}, in {_in(sorts, 'drift'):,} of {_cases(sorts.total())}"


def _rest(sorts: Counter[Sort]) -> str:
    states: tuple[State, ...] = (
        "same bits", "drift", "fixed", "still failing", "added", "removed",
    )  # fmt: skip
    return ", ".join(f"{count:,} {state}" for state in states if (count := _in(sorts, state)))
