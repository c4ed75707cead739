"""Error against input: one target, one property, one dtype; its family drawn faint behind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report import wording
from conformance.report.plots import path
from conformance.report.plots.scale import Axis, Tick, ordinal, spaced
from conformance.results.cell import Cell, Point

WIDTH, HEIGHT = 592, 404
LEFT, RIGHT, TOP, BOTTOM = 84, 576, 44, 328
FLOOR = -4
"""log2 ulp of the lowest line; smaller errors, zero among them, lie on it."""
BINS = 40
GLYPH = 12.8
"""Units that a character of a label takes, about; only to keep it inside the plot."""
_HEADROOM = 1.0


@dataclass(frozen=True)
class Frame:
    """The axes that the plots of one row share, so that they can be compared by eye."""

    x: Axis
    y: Axis
    dtype: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True)
class ErrorPlot:
    """`band` is where the bound lies, `faint` the other targets' maxima."""

    target: str
    frame: Frame
    dots: str
    over: str
    maximum: str
    band: str
    faint: str
    worst: Mark | None
    drawn: int


def frame(cells: Sequence[Cell]) -> Frame | None:
    """Axes for cells of one dtype; None where no cell has a point at a finite input."""
    points = [point for cell in cells for point in _drawable(cell)]
    if not points:
        return None
    dtype = cells[0].dtype
    places = [ordinal(point.x, dtype) for point in points]
    tops = [_height(size) for point in points for size in (point.error, point.bound)]
    high = max([top for top in tops if math.isfinite(top)], default=0.0)
    # Room for the label of the worst point, and a lane on top for what has no distance.
    y = Axis(FLOOR, max(high + _HEADROOM, 1.0), BOTTOM, TOP)
    x = Axis(min(places), max(places), LEFT + 8, RIGHT - 8)
    return Frame(x, y, dtype, _x_ticks(x, dtype), _y_ticks(y))


def draw(cell: Cell, others: Iterable[Cell], shared: Frame) -> ErrorPlot:
    """Place the points of one cell, with the running maxima of the other targets behind them."""
    points = _drawable(cell)
    over = [point for point in points if _exceeds(point)]
    inside = [point for point in points if not _exceeds(point)]
    faint = "".join(_maximum(_drawable(other), shared) for other in others)
    return ErrorPlot(
        target=cell.target,
        frame=shared,
        dots=path.dots(_pixel(point.x, point.error, shared) for point in inside),
        over=path.crosses(_pixel(point.x, point.error, shared) for point in over),
        maximum=_maximum(points, shared),
        band=_band(points, shared),
        faint=faint,
        worst=_worst(points, shared),
        drawn=len(points),
    )


def _drawable(cell: Cell) -> list[Point]:
    return [point for point in cell.points if math.isfinite(point.x)]


def _exceeds(point: Point) -> bool:
    # Written so that an error that is not a number exceeds every bound.
    return not point.error <= point.bound


def _height(size: float) -> float:
    return math.log2(size) if size > 0 else (FLOOR if size == 0 else math.inf)


def _pixel(x: float, error: float, shared: Frame) -> path.Pixel:
    height = _height(error)
    y = shared.y.place(height) if math.isfinite(height) else TOP
    return shared.x.place(ordinal(x, shared.dtype)), y


def _binned(points: list[Point], shared: Frame) -> list[tuple[float, list[Point]]]:
    """Non-empty bins along x, each with its left edge."""
    width = (shared.x.stop - shared.x.start) / BINS
    found: dict[int, list[Point]] = {}
    for point in points:
        place = shared.x.place(ordinal(point.x, shared.dtype)) - shared.x.start
        found.setdefault(min(int(place / width), BINS - 1), []).append(point)
    return [(shared.x.start + at * width, found[at]) for at in sorted(found)]


def _maximum(points: list[Point], shared: Frame) -> str:
    if not points:
        return ""
    pixels = []
    for left, inside in _binned(points, shared):
        top = min(_pixel(point.x, point.error, shared)[1] for point in inside)
        pixels.append((left, top))
    pixels.append((shared.x.stop, pixels[-1][1]))
    return path.steps(pixels)


def _band(points: list[Point], shared: Frame) -> str:
    """The bound from its least to its greatest at about one input, as a closed staircase."""
    bins = _binned(points, shared)
    if not bins:
        return ""
    rights = [left for left, _ in bins[1:]] + [shared.x.stop]
    upper: list[path.Pixel] = []
    lower: list[path.Pixel] = []
    for (left, inside), right in zip(bins, rights, strict=True):
        heights = [_pixel(point.x, point.bound, shared)[1] for point in inside]
        upper += [(left, min(heights)), (right, min(heights))]
        lower += [(left, max(heights)), (right, max(heights))]
    return path.line(upper + lower[::-1]) + "z"


def _worst(points: list[Point], shared: Frame) -> Mark | None:
    """The point that uses most of its bound: the ring says where, the label how far."""
    if not points:
        return None
    point = max(points, key=_use)
    x, y = _pixel(point.x, point.error, shared)
    label = f"{wording.ulp(point.error)} ulp at {wording.number(point.x)}"
    half = GLYPH * len(label) / 2
    middle = min(max(x, LEFT + half), WIDTH - half)
    height = y - 22 if y > TOP + 28 else y + 40
    return Mark(round(x, 1), round(y, 1), label, round(middle, 1), round(height, 1))


def _use(point: Point) -> float:
    if not math.isfinite(point.error):
        return math.inf
    return point.error / point.bound if point.bound else point.error


def _x_ticks(axis: Axis, dtype: str) -> tuple[Tick, ...]:
    """Zero, then powers of ten from coarse to fine, then the odd digits between them."""
    emin = ordinal(1.0, dtype)
    ends = [_reach(axis.low, emin), _reach(axis.high, emin)]
    candidates = [(0.0, "0")]
    top = max(abs(end) for end in ends) + 1
    for step in (40, 20, 10, 5, 2, 1):
        for exponent in sorted(range(-323, 309), key=abs):
            if exponent % step == 0 and -top <= exponent <= top:
                label = wording.power_of_ten(exponent)
                candidates += [(10.0**exponent, label), (-(10.0**exponent), f"−{label}")]
    candidates += [(sign * digit, f"{sign * digit:g}") for digit in (2, 5, 0.5) for sign in (1, -1)]
    inside = [
        (number, label)
        for number, label in candidates
        if axis.low <= ordinal(number, dtype) <= axis.high
    ]
    return spaced(inside, lambda number: axis.place(ordinal(number, dtype)), 148)


def _reach(position: float, one: float) -> float:
    """About how many decimal places from 1 a position is."""
    return (abs(position) - one) / math.log2(10)


def _y_ticks(axis: Axis) -> tuple[Tick, ...]:
    step = next(
        step for step in (2, 4, 8, 16, 32, 64, 128, 2048) if (axis.high - FLOOR) / step <= 6
    )
    exponents = range(-step * (-FLOOR // step), math.floor(axis.high) + 1, step)
    places = [(float(exponent), wording.power_of_two(exponent)) for exponent in exponents]
    floor = (float(FLOOR), "≤ 1/16")
    ticks = spaced([floor, *places], axis.place, 48)
    return (Tick(ticks[0].at, f"{ticks[0].label} ulp"), *ticks[1:])
