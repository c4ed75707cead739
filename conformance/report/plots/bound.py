"""Use of the bound: a row a loss and dtype, a mark a target, the bound at 1."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.report import wording
from conformance.report.plots import path
from conformance.report.plots.scale import Axis, Tick, spaced
from conformance.results.cell import Cell

WIDTH = 592
LEFT, RIGHT, TOP = 140, 560, 48
ROW = 34
_LABEL = 112
"""Units that the longest label takes, with room beside it."""
_LEAST = 0.01
"""Shares below it stand on the left edge."""


@dataclass(frozen=True)
class Label:
    y: float
    text: str
    dtype: bool


@dataclass(frozen=True)
class Marks:
    target: str
    series: int
    path: str


@dataclass(frozen=True)
class BoundPlot:
    property: str
    labels: tuple[Label, ...]
    rules: str
    marks: tuple[Marks, ...]
    ticks: tuple[Tick, ...]
    limit: float
    bottom: float
    worst: str


def draw(name: str, cells: Iterable[Cell], series: dict[str, int]) -> BoundPlot | None:
    """The worst share of every cell of one property; None where no cell has one."""
    found = [cell for cell in cells if cell.property == name and _share(cell) is not None]
    if not found:
        return None
    rows = _rows(found)
    tops = [math.log10(max(_share(cell) or 0.0, 1.0)) for cell in found if _finite(cell)]
    axis = Axis(math.log10(_LEAST), max(tops, default=0.0) + 0.15, LEFT, RIGHT)
    bottom = TOP + ROW * len(rows)
    height = {row: TOP + ROW * (at + 0.5) for at, row in enumerate(rows)}
    return BoundPlot(
        property=name,
        labels=tuple(Label(height[row], row[1] or row[0], bool(row[1])) for row in rows),
        rules="".join(
            path.line([(LEFT, height[row]), (RIGHT, height[row])]) for row in rows if row[1]
        ),
        marks=_marks(found, series, axis, height),
        ticks=_ticks(axis),
        limit=round(axis.place(0.0), 1),
        bottom=bottom,
        worst=_worst(found),
    )


def shape(series: int, x: float, y: float, size: float = 8) -> str:
    """A mark of its own shape for each of the first six series, so that colour is not needed."""
    corners = _SHAPES[series % len(_SHAPES)]
    return path.line([(x + size * dx, y + size * dy) for dx, dy in corners]) + "z"


_SHAPES: tuple[tuple[tuple[float, float], ...], ...] = (
    tuple((math.cos(a * math.pi / 4), math.sin(a * math.pi / 4)) for a in range(8)),
    ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    ((0, -1.1), (1.05, 0.85), (-1.05, 0.85)),
    ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
    ((0, 1.1), (1.05, -0.85), (-1.05, -0.85)),
    ((-0.35, -1.1), (0.35, -1.1), (0.35, 1.1), (-0.35, 1.1)),
)


def _share(cell: Cell) -> float | None:
    return cell.worst.share if cell.worst else None


def _finite(cell: Cell) -> bool:
    share = _share(cell)
    return share is not None and math.isfinite(share)


def _rows(cells: list[Cell]) -> list[tuple[str, str]]:
    dtypes: dict[str, dict[str, None]] = defaultdict(dict)
    for cell in cells:
        dtypes[cell.loss][cell.dtype] = None
    return [row for loss in dtypes for row in ((loss, ""), *((loss, d) for d in dtypes[loss]))]


def _marks(
    cells: list[Cell], series: dict[str, int], axis: Axis, height: dict[tuple[str, str], float]
) -> tuple[Marks, ...]:
    paths: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        share = _share(cell) or 0.0
        place = math.log10(max(share, _LEAST)) if math.isfinite(share) else axis.high
        mark = shape(series[cell.target], axis.place(place), height[cell.loss, cell.dtype])
        paths[cell.target].append(mark)
    return tuple(Marks(target, series[target], "".join(found)) for target, found in paths.items())


def _ticks(axis: Axis) -> tuple[Tick, ...]:
    decades = sorted(range(-2, math.floor(axis.high) + 1), key=lambda decade: (abs(decade), decade))
    labels = [(float(d), "≤ 1 %" if d == -2 else _tick(d)) for d in decades]
    return spaced(labels, axis.place, _LABEL)


def _tick(decade: int) -> str:
    return f"{wording.power_of_ten(decade)}×" if decade > 0 else wording.share(10.0**decade)


def _worst(cells: list[Cell]) -> str:
    def use(cell: Cell) -> float:
        share = _share(cell) or 0.0
        return math.inf if math.isnan(share) else share

    cell = max(cells, key=use)
    return f"{cell.loss} {cell.dtype} on {cell.target} uses {wording.share(use(cell))}"
