"""Before and after: a row a loss and dtype that moved, the base's use of the bound and the head's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report import wording
from conformance.report.plots import path
from conformance.report.plots.bound import LEFT, RIGHT, ROW, TOP, Label, shape
from conformance.report.plots.scale import Axis, Tick, spaced
from conformance.results.cell_change import CellChange
from conformance.results.pairing import Pair

_LEAST = 0.001
"""Shares below it stand on the left edge."""
ROWS = 40
"""Rows of one plot; those nearest to the bound now are kept."""


@dataclass(frozen=True)
class MovementPlot:
    """Marks of the base are open circles, of the head filled diamonds; a line leads to the head."""

    pair: Pair
    property: str
    labels: tuple[Label, ...]
    rules: str
    links: str
    before: str
    after: str
    ticks: tuple[Tick, ...]
    limit: float
    bottom: float
    worst: str
    left_out: int


@dataclass(frozen=True)
class _Move:
    cell: CellChange
    base: float
    head: float


def draw(cells: Iterable[CellChange], pair: Pair, name: str) -> MovementPlot | None:
    """The cells of one pair and property that moved and were measured; None where none was."""
    moves = [move for move in map(_move, cells) if move and move.cell.pair is pair]
    moves = [move for move in moves if move.cell.property == name]
    if not moves:
        return None
    kept = sorted(moves, key=lambda move: -max(move.head, move.base))[:ROWS]
    kept = [move for move in moves if move in kept]
    rows = _rows(kept)
    height = {row: TOP + ROW * (at + 0.5) for at, row in enumerate(rows)}
    finite = [each for move in kept for each in (move.base, move.head) if math.isfinite(each)]
    high = max(0.0, math.log10(max([*finite, 1.0]))) + 0.25
    axis = Axis(math.log10(_LEAST), high, LEFT, RIGHT)
    places = [(_place(m.base, axis), _place(m.head, axis), height[_row(m)]) for m in kept]
    worst = max(kept, key=lambda move: move.head)
    return MovementPlot(
        pair=pair,
        property=name,
        labels=tuple(Label(height[row], row[1] or row[0], bool(row[1])) for row in rows),
        rules="".join(
            path.line([(LEFT, height[row]), (RIGHT, height[row])]) for row in rows if row[1]
        ),
        links="".join(path.line([(before, y), (after, y)]) for before, after, y in places),
        before="".join(shape(0, before, y) for before, _, y in places),
        after="".join(shape(3, after, y) for _, after, y in places),
        ticks=_ticks(axis),
        limit=round(axis.place(0.0), 1),
        bottom=TOP + ROW * len(rows),
        worst=_told(worst),
        left_out=len(moves) - len(kept),
    )


def _move(cell: CellChange) -> _Move | None:
    """The largest use of the bound on both sides, over the cases that both have."""
    return None if cell.share is None else _Move(cell, *cell.share)


def _rows(moves: Sequence[_Move]) -> list[tuple[str, str]]:
    losses = dict.fromkeys(move.cell.loss for move in moves)
    return [
        row
        for loss in losses
        for row in ((loss, ""), *(_row(move) for move in moves if move.cell.loss == loss))
    ]


def _row(move: _Move) -> tuple[str, str]:
    return move.cell.loss, move.cell.dtype


def _place(share: float, axis: Axis) -> float:
    return axis.place(math.log10(max(share, _LEAST)) if math.isfinite(share) else axis.high)


def _ticks(axis: Axis) -> tuple[Tick, ...]:
    decades = sorted(range(-3, math.floor(axis.high) + 1), key=lambda decade: (abs(decade), decade))
    labels = [(float(d), "≤ 0.1 %" if d == -3 else wording.share(10.0**d)) for d in decades]
    return spaced(labels, axis.place, 80)


def _told(move: _Move) -> str:
    cell = move.cell
    return (
        f"{cell.loss} {cell.dtype} used {wording.share(move.base)} "
        f"and uses {wording.share(move.head)}"
    )
