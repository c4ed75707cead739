"""May the upgrade go out? One row a loss that is in use, and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.report import wording
from conformance.report.upgrade.view import properties, use
from conformance.results.change import CellChange, Change
from conformance.results.diff import Diff

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
    changes = [
        change
        for cell in cells
        for change in cell.changes
        if change.case or change.state != "same bits"
    ]
    broken = [c for c in changes if c.fails and c.state in _BREAKS]
    if broken:
        where = [
            cell for cell in cells if any(c.fails and c.state in _BREAKS for c in cell.changes)
        ]
        return "breaks", f"{_count(broken)} in {', '.join(properties(where))}"
    for word, state in _MISSING:
        if missing := [c for c in changes if c.state == state]:
            reason = next(cell.reason for cell in cells if cell.reason)
            return word, f"{_count(missing)}: {reason}"
    if not any(cell.base and cell.head for cell in cells):
        there = "head" if cells[0].head else "base"
        return "not in both", f"{_count(changes)}, in the {there} alone"
    if fresh := [c for c in changes if c.documented and c.state == "new failure"]:
        return "new deviation", f"{_count(fresh)}: {', '.join(_deviations(cells))}"
    drift = [change for change in changes if change.state == "drift"]
    if any(change.state == "still failing" and change.fails for change in changes):
        return "fails as before", _rest(changes)
    if drift:
        return "drifts", _drift(drift, changes)
    return _quiet(changes)


def _quiet(changes: list[Change]) -> tuple[Word, str]:
    """Nothing that conforms on both sides moved; what departs in a documented way still may have."""
    other = [c for c in changes if c.state == "still failing" and _other_bits(c)]
    if other:
        return "drifts", f"{_count(other)} of a documented deviation, {_rest(changes)}"
    fixed = any(change.state == "fixed" for change in changes)
    return "fixed" if fixed else "same bits", _rest(changes)


def _other_bits(change: Change) -> bool:
    digests = [row.digest for row in (change.base, change.head) if row is not None]
    return None not in digests and len(set(digests)) > 1


_BREAKS = ("new failure", "different failure", "added")
_MISSING: tuple[tuple[Word, str], ...] = (
    ("not comparable", "not comparable"),
    ("not run", "not run now"),
)


def _count(changes: Sequence[Change]) -> str:
    return wording.plural(len(changes), "case")


def _deviations(cells: list[CellChange]) -> tuple[str, ...]:
    fresh = [
        deviation.id
        for cell in cells
        if cell.head and any(c.documented and c.state == "new failure" for c in cell.changes)
        for deviation in cell.head.known
        if deviation.cases
    ]
    return tuple(dict.fromkeys(fresh))


def _drift(drift: list[Change], changes: list[Change]) -> str:
    row = max(drift, key=use).head
    assert row is not None  # a drift has both sides
    far = f"up to {wording.ulp(row.ulp)} ulp off"
    if not any(each.ulp for change in drift for each in (change.base, change.head) if each):
        far = "equal numbers in other bits, as a NaN or a zero of another sign"
    bound = f" ({wording.share(row.share)} of the bound)" if row.share is not None else ""
    return f"{far}{bound}, in {len(drift):,} of {_count(changes)}"


def _rest(changes: list[Change]) -> str:
    told = [
        f"{count:,} {state}"
        for state in ("same bits", "drift", "fixed", "still failing", "added", "removed")
        if (count := sum(change.state == state for change in changes))
    ]
    return ", ".join(told)
