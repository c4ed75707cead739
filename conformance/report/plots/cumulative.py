"""Cumulative distribution of the error, a line a target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report import wording
from conformance.report.plots import path
from conformance.report.plots.error import BOTTOM, FLOOR, LEFT, RIGHT, TOP
from conformance.report.plots.scale import Axis, Tick, spaced
from conformance.results.cell import Cell

_SHARES = ((0.0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100 %"))


@dataclass(frozen=True)
class Curve:
    target: str
    line: str
    series: int


@dataclass(frozen=True)
class CumulativePlot:
    curves: tuple[Curve, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    half: float
    """Where half an ulp stands: a correctly rounded result lies left of it."""


def draw(cells: Sequence[Cell], series: dict[str, int]) -> CumulativePlot | None:
    """The distributions of cells of one loss, property and dtype; None where none is recorded."""
    drawn = [cell for cell in cells if cell.quantiles]
    errors = [entry.ulp for cell in drawn for entry in cell.quantiles if math.isfinite(entry.ulp)]
    if not errors:
        return None
    high = max(math.ceil(math.log2(max(max(errors), 1.0))), 1)
    x = Axis(FLOOR, high, LEFT + 8, RIGHT - 8)
    y = Axis(0.0, 1.0, BOTTOM, TOP)
    curves = tuple(Curve(cell.target, _curve(cell, x, y), series[cell.target]) for cell in drawn)
    ticks = tuple(Tick(y.place(part), label) for part, label in _SHARES)
    return CumulativePlot(curves, _x_ticks(x), ticks, x.place(-1.0))


def _curve(cell: Cell, x: Axis, y: Axis) -> str:
    pixels = [(x.start, y.start)]
    for entry in sorted(cell.quantiles):
        place = math.log2(entry.ulp) if entry.ulp > 0 else FLOOR
        pixels.append((x.place(place if math.isfinite(place) else x.high), y.place(entry.p)))
    return path.line(pixels)


def _x_ticks(axis: Axis) -> tuple[Tick, ...]:
    exponents = sorted(range(FLOOR, math.floor(axis.high) + 1), key=lambda e: (e % 4, e % 2, e))
    labels = [(float(e), "≤ 1/16" if e == FLOOR else wording.power_of_two(e)) for e in exponents]
    return spaced(labels, axis.place, 120)
