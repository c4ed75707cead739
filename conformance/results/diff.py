"""Two runs against each other, as data: what became of every case and every cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conformance.results.behaviour import Behaviour, behaviours
from conformance.results.breaks import Break, breaks
from conformance.results.cell import Cell, End
from conformance.results.cell_change import CellChange, cell_change
from conformance.results.gist import Absence, Gist
from conformance.results.lock import LockChange, lock_diff
from conformance.results.manifest import Manifest
from conformance.results.meeting import Meeting, Order, meetings
from conformance.results.pairing import DiffError, Pair, Run, pair_targets
from conformance.results.read import Results, ResultsReader
from conformance.results.state import STATES, State

__all__ = ["Diff", "DiffError", "compare_files", "compare_runs"]


@dataclass(frozen=True)
class Side:
    """One of the two runs; `absent` says what did not run of what it was asked for."""

    path: Path
    manifest: Manifest
    absent: tuple[Absence, ...]


@dataclass(frozen=True)
class Diff:
    """What moved from `base` to `head`.

    Every row of either file is counted in exactly one cell. `cases` and `cell_counts` count
    every state; `incomparable` maps a loss to why its answers are no answers to one question.
    """

    base: Side
    head: Side
    pairs: tuple[Pair, ...]
    cells: tuple[CellChange, ...]
    cases: Mapping[State, int]
    cell_counts: Mapping[State, int]
    incomparable: Mapping[str, str]
    breaks: tuple[Break, ...]
    behaviours: tuple[Behaviour, ...]
    lock: tuple[LockChange, ...]


Names = Sequence[tuple[str, str]] | None
"""Targets to compare, by name or label; the others are paired by label, device and mode."""


def compare_runs(base: Results, head: Results, pairs: Names = None) -> Diff:
    """Compare case by case, targets paired by label, device and mode, or as `pairs` says by name.

    DiffError: targets that could be paired in several ways, or in none.
    """
    return _compared(base, iter(base.cells), head, iter(head.cells), pairs)


def compare_files(base: str | Path, head: str | Path, pairs: Names = None) -> Diff:
    """The same of two files, of which a few cells are held at a time.

    DiffError as above; ResultsError as `read_results` raises it.
    """
    with ResultsReader(base) as old, ResultsReader(head) as new:
        return _compared(old, old.distinct(), new, new.distinct(), pairs)


class _Run(Run, Protocol):
    """A run whose cells come one by one; `end` and `cut` are right when these have passed."""

    @property
    def end(self) -> End | None: ...
    @property
    def cut(self) -> str | None: ...


def _compared(
    base: _Run, base_cells: Iterator[Cell], head: _Run, head_cells: Iterator[Cell], names: Names
) -> Diff:
    pairs = pair_targets(base, head, names)
    reasons = _incomparable(base.manifest, head.manifest)
    old, new = Gist(base.manifest), Gist(head.manifest)
    manifests = (base.manifest, head.manifest)
    met = meetings(_noted(base_cells, old), _noted(head_cells, new), pairs, manifests)
    cells = _cells(met, head, new, reasons)
    states = Counter[State]()
    for cell in cells:
        for sort, count in cell.sorts.items():
            states[sort.state] += count * sort.counts
    of_cells = Counter(cell.state for cell in cells)
    return Diff(
        base=_side(base, old),
        head=_side(head, new),
        pairs=pairs,
        cells=cells,
        cases={state: states[state] for state in STATES},
        cell_counts={state: of_cells[state] for state in STATES},
        incomparable=reasons,
        breaks=breaks(cells),
        behaviours=behaviours(((cell.dtype, cell.behaviours) for cell in cells), pairs),
        lock=lock_diff(*manifests, pairs),
    )


def _noted(cells: Iterator[Cell], gist: Gist) -> Iterator[Cell]:
    for cell in cells:
        gist.add(cell)
        yield cell


def _side(run: _Run, gist: Gist) -> Side:
    return Side(run.path, run.manifest, gist.absent(run.end is not None, run.cut))


def _cells(
    met: Iterator[Meeting], head: _Run, gist: Gist, reasons: Mapping[str, str]
) -> tuple[CellChange, ...]:
    """The changes in the order of the pairs and, in a pair, of the head."""
    found: list[tuple[Order, CellChange]] = []
    for each in met:
        cell = each.head or each.base
        assert cell is not None
        change = cell_change(
            each.pair,
            each.base,
            each.head,
            incomparable=reasons.get(cell.loss),
            missing=_missing(head, gist, each.pair, cell.loss) if each.head is None else None,
        )
        if change is not None:
            found.append((each.order, change))
    return tuple(change for _, change in sorted(found, key=lambda pair: pair[0]))


def _incomparable(old: Manifest, new: Manifest) -> dict[str, str]:
    """Why a loss that both runs have was asked another question in each."""
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


def _missing(head: _Run, gist: Gist, pair: Pair, loss: str) -> str | None:
    """Why a cell that the head lacks is one that did not run, or None where nobody asked for it.

    All of the head has passed then, unless nobody asked for the cell.
    """
    if pair.head is None or loss not in head.manifest.losses:
        return None
    if pair.head.status == "not run":
        return pair.head.reason or "no reason recorded"
    if head.end is None or gist.found < head.manifest.planned:
        return "the run of the head was cut short"
    return None
