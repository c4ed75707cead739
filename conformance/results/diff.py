"""Two runs against each other, as data: what became of every case and every cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.results.behaviour import Behaviour, behaviours
from conformance.results.breaks import Break, breaks
from conformance.results.cell import Cell
from conformance.results.change import STATES, CellChange, Change, State, cell_change
from conformance.results.lock import LockChange, lock_diff
from conformance.results.pairing import DiffError, Pair, pair_targets
from conformance.results.read import Results

__all__ = ["Diff", "DiffError", "compare_runs"]

Place = tuple[str, str, str]


@dataclass(frozen=True)
class Diff:
    """What moved from `base` to `head`.

    Every row of either file is in exactly one change of one cell. `cases` and `cell_counts` count
    every state; `incomparable` maps a loss to why its answers are no answers to one question.
    """

    base: Results
    head: Results
    pairs: tuple[Pair, ...]
    cells: tuple[CellChange, ...]
    cases: Mapping[State, int]
    cell_counts: Mapping[State, int]
    incomparable: Mapping[str, str]
    breaks: tuple[Break, ...]
    behaviours: tuple[Behaviour, ...]
    lock: tuple[LockChange, ...]

    @property
    def changes(self) -> Iterator[tuple[CellChange, Change]]:
        """Every case with its cell."""
        return ((cell, change) for cell in self.cells for change in cell.changes)


def compare_runs(
    base: Results, head: Results, pairs: Sequence[tuple[str, str]] | None = None
) -> Diff:
    """Compare case by case, targets paired by label, device and mode, or as `pairs` says by name.

    DiffError: targets that could be paired in several ways, or in none.
    """
    found = pair_targets(base, head, pairs)
    reasons = _incomparable(base, head)
    cells = tuple(_cells(base, head, found, reasons))
    states = Counter(
        change.state
        for cell in cells
        for change in cell.changes
        if change.case or change.state != "same bits"  # a cell that stands for its cases is none
    )
    of_cells = Counter(cell.state for cell in cells)
    return Diff(
        base=base,
        head=head,
        pairs=found,
        cells=cells,
        cases={state: states[state] for state in STATES},
        cell_counts={state: of_cells[state] for state in STATES},
        incomparable=reasons,
        breaks=breaks(cells),
        behaviours=behaviours(cells, found),
        lock=lock_diff(base, head, found),
    )


def _incomparable(base: Results, head: Results) -> dict[str, str]:
    """Why a loss that both runs have was asked another question in each."""
    old, new = base.manifest, head.manifest
    for name, before, after in (
        ("profile", old.profile, new.profile),
        ("seed", old.seed, new.seed),
    ):
        if before != after:
            text = f"the {name} was {before} and is {after}"
            return {loss: text for loss in new.losses if loss in old.losses}
    return {
        loss: "the spec has changed"
        for loss in new.losses
        if loss in old.losses and old.losses[loss].digest != new.losses[loss].digest
    }


def _cells(
    base: Results, head: Results, pairs: Sequence[Pair], reasons: Mapping[str, str]
) -> Iterator[CellChange]:
    sides = [_by_target(run) for run in (base, head)]
    for pair in pairs:
        before = sides[0].get(pair.base.name, {}) if pair.base else {}
        after = sides[1].get(pair.head.name, {}) if pair.head else {}
        missing = _missing(head, pair)
        for place in dict.fromkeys([*after, *before]):
            found = cell_change(
                pair,
                before.get(place),
                after.get(place),
                incomparable=reasons.get(place[0]),
                missing=missing,
            )
            if found is not None:
                yield found


def _by_target(run: Results) -> dict[str, dict[Place, Cell]]:
    found: dict[str, dict[Place, Cell]] = {}
    for cell in run.cells:
        place = (cell.loss, cell.property, cell.dtype)
        found.setdefault(cell.target, {})[place] = cell
    return found


def _missing(head: Results, pair: Pair) -> str | None:
    """Why a cell that the head lacks is one that did not run, or None where nobody asked for it."""
    if pair.head is None:
        return None
    if pair.head.status == "not run":
        return pair.head.reason or "no reason recorded"
    if head.end is None or len(head.cells) < head.manifest.planned:
        return "the run of the head was cut short"
    return None
