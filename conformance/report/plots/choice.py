"""Which plots a page can afford: those that tell most first, evenly over the losses."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from conformance.results.cell import Cell
from conformance.results.verdict import FINDINGS

BUDGET = 54
"""Plots beside the two of the bounds; the weight limits of the page are tested with sixty."""

_PLOTTED = ("value", "gradient")


@dataclass(frozen=True)
class Strip:
    """The cells of one loss, property and dtype, a plot a target with equal axes."""

    loss: str
    property: str
    dtype: str
    cells: tuple[Cell, ...]


def choose(cells: Iterable[Cell], budget: int = BUDGET) -> tuple[list[Strip], list[Strip]]:
    """Strips to draw and strips to leave out.

    In each loss what fails goes first, then the value and the gradient in the dtype that comes
    nearest to its bound, then the next dtype; the losses take turns until the budget is spent.
    """
    waiting = [_by_merit(strips) for strips in _strips(cells).values()]
    drawn: list[Strip] = []
    left_out: list[Strip] = []
    for turn in zip_longest(*waiting):
        for strip in turn:
            if strip is None:
                continue
            cost = len(strip.cells) + 1  # and one for the distributions
            fits = cost <= budget
            (drawn if fits else left_out).append(strip)
            budget -= cost if fits else 0
    return drawn, left_out


def _strips(cells: Iterable[Cell]) -> dict[str, list[Strip]]:
    found: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.points:
            found[cell.loss, cell.property, cell.dtype].append(cell)
    strips: dict[str, list[Strip]] = defaultdict(list)
    for (loss, name, dtype), inside in found.items():
        strips[loss].append(Strip(loss, name, dtype, tuple(inside)))
    return strips


def _by_merit(strips: list[Strip]) -> list[Strip]:
    seen: Counter[str] = Counter()
    ranked = []
    for strip in sorted(strips, key=lambda strip: (-_use(strip), strip.dtype)):
        ranked.append((not _fails(strip), seen[strip.property], _order(strip), strip))
        seen[strip.property] += 1
    return [strip for *_, strip in sorted(ranked, key=lambda entry: entry[:3])]


def _fails(strip: Strip) -> bool:
    return any(cell.verdict in FINDINGS for cell in strip.cells)


def _order(strip: Strip) -> int:
    return _PLOTTED.index(strip.property) if strip.property in _PLOTTED else len(_PLOTTED)


def _use(strip: Strip) -> float:
    shares = [cell.worst.share for cell in strip.cells if cell.worst and cell.worst.share]
    return max((math.inf if math.isnan(share) else share for share in shares), default=0.0)
