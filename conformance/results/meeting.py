"""The cells of two runs brought together as they come, so that neither run is held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.results.cell import Cell
from conformance.results.manifest import Manifest
from conformance.results.pairing import Pair

Place = tuple[int, str, str, str]
"""Which of the pairs of targets, then loss, property and dtype."""

Order = tuple[int, bool, int]
"""Pair, whether only the base has the cell, and where it stands in its run: sorts meetings."""


class Meeting(NamedTuple):
    """One cell on both sides, or on one of them."""

    order: Order
    pair: Pair
    base: Cell | None
    head: Cell | None


@dataclass
class _Side:
    """One run on its way: what is to come, and the cells that wait for their counterparts."""

    cells: Iterator[Cell]
    places: dict[str, int]
    """The number of the pair of each target."""
    losses: frozenset[str]
    pairs: frozenset[int]
    waiting: dict[Place, tuple[int, Cell]] = field(default_factory=dict)
    passed: int = 0
    over: bool = False

    def next(self) -> tuple[Place, Cell] | None:
        cell = next(self.cells, None)
        self.over = cell is None
        if cell is None:
            return None
        self.passed += 1
        return (self.places[cell.target], cell.loss, cell.property, cell.dtype), cell

    def may_bring(self, place: Place) -> bool:
        """Whether this side may have the cell of that place yet."""
        return not self.over and place[0] in self.pairs and place[1] in self.losses


def meetings(
    base: Iterator[Cell],
    head: Iterator[Cell],
    pairs: Sequence[Pair],
    manifests: tuple[Manifest, Manifest],
) -> Iterator[Meeting]:
    """Every cell of either run once, with its counterpart.

    Runs of one request have their cells in one order, and few are held at a time. In another order
    a cell waits until its counterpart comes, or until none can come.
    """
    sides = _sides(base, head, pairs, manifests)
    while not all(side.over for side in sides):
        at = _turn(sides)
        found = sides[at].next()
        if found is None:
            continue
        place, cell = found
        own, other = sides[at], sides[1 - at]
        if place in other.waiting:
            yield _meeting(pairs, place, at, (own.passed, cell), other.waiting.pop(place))
        elif other.may_bring(place):
            own.waiting[place] = (own.passed, cell)
        else:
            yield _meeting(pairs, place, at, (own.passed, cell), None)
    for at, side in enumerate(sides):
        for place, waited in side.waiting.items():
            yield _meeting(pairs, place, at, waited, None)


def _sides(
    base: Iterator[Cell],
    head: Iterator[Cell],
    pairs: Sequence[Pair],
    manifests: tuple[Manifest, Manifest],
) -> tuple[_Side, _Side]:
    old = {pair.base.name: at for at, pair in enumerate(pairs) if pair.base}
    new = {pair.head.name: at for at, pair in enumerate(pairs) if pair.head}
    losses = [frozenset(manifest.losses) for manifest in manifests]
    return (
        _Side(base, old, losses[0], frozenset(old.values())),
        _Side(head, new, losses[1], frozenset(new.values())),
    )


def _turn(sides: tuple[_Side, _Side]) -> int:
    """The side of which fewer cells wait, so that neither runs away from the other."""
    base, head = sides
    if base.over or head.over:
        return int(base.over)
    return int(len(head.waiting) <= len(base.waiting))


def _meeting(
    pairs: Sequence[Pair],
    place: Place,
    at: int,
    own: tuple[int, Cell],
    other: tuple[int, Cell] | None,
) -> Meeting:
    """Of a cell of side `at`, 1 being the head, and its counterpart."""
    base, head = (other, own) if at else (own, other)
    number = (head or own)[0]
    order = (place[0], head is None, number)
    return Meeting(order, pairs[place[0]], base and base[1], head and head[1])
