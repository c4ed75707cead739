"""Verdicts at a glance: loss x target, and property x target within a loss."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report import wording
from conformance.results.cell import Cell
from conformance.results.manifest import Target
from conformance.results.read import Results
from conformance.results.verdict import SYMBOL, Verdict, worst

PROPERTIES = (
    *(
        "value",
        "gradient",
        "gradient-path",
        "cotangent",
        "weight-gradient",
        "forward",
        "second-order",
        "exhaustive",
        "exhaustive-gradient",
        "exhaustive-pairs",
        "edge-case",
        "example",
        "reduction",
        "identity",
        "invariant",
        "module",
    ),
    *("dtype", "shape", "contract", "error", "mutation", "determinism", "layout", "warning"),
)

_QUIET: tuple[Verdict, ...] = ("pass", "n/a")


@dataclass(frozen=True)
class Square:
    """The verdict on several cells. `share` is the largest use of a bound among them.

    `notes` name what is not plainly a pass: properties in the matrix, dtypes within a loss.
    """

    verdict: Verdict
    share: float | None
    notes: tuple[str, ...]
    cells: int

    @property
    def symbol(self) -> str:
        return SYMBOL[self.verdict]

    @property
    def number(self) -> str:
        return "" if self.share is None else wording.share(self.share)

    @property
    def fill(self) -> int:
        """Percent of the cell that a data bar covers."""
        if self.share is None or not math.isfinite(self.share):
            return 0
        return round(100 * min(self.share, 1.0))


@dataclass(frozen=True)
class Line:
    name: str
    squares: tuple[Square, ...]


def by_loss(results: Results) -> tuple[Line, ...]:
    """A line a loss, a square a target, in the manifest's order."""
    cells = _grouped(results.cells, "loss")
    return tuple(
        Line(loss, _squares(results, results.manifest.targets, cells[loss], "property"))
        for loss in results.manifest.losses
    )


def by_property(results: Results, loss: str, targets: Sequence[Target]) -> tuple[Line, ...]:
    """A line a property of one loss."""
    cells = _grouped((cell for cell in results.cells if cell.loss == loss), "property")
    return tuple(
        Line(name, _squares(results, targets, cells[name], "dtype"))
        for name in sorted(cells, key=property_order)
    )


def quiet(line: Line) -> bool:
    """Nothing to see: a pass without a number wherever the target ran and offers it."""
    verdicts = {square.verdict for square in line.squares if square.cells}
    return verdicts <= {"pass", "n/a"} and all(square.share is None for square in line.squares)


def property_order(name: str) -> tuple[int, str]:
    return (PROPERTIES.index(name) if name in PROPERTIES else len(PROPERTIES)), name


def largest_share(cells: Iterable[Cell]) -> float | None:
    """The largest use of a bound; a value of the wrong class outranks every number."""
    shares = [cell.worst.share for cell in cells if cell.worst and cell.worst.share is not None]
    return max((math.inf if math.isnan(share) else share for share in shares), default=None)


def _grouped(cells: Iterable[Cell], key: str) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        found[getattr(cell, key)].append(cell)
    return found


def _squares(
    results: Results, targets: Sequence[Target], cells: Sequence[Cell], noted: str
) -> tuple[Square, ...]:
    by_target = _grouped(cells, "target")
    squares = []
    for target in targets:
        inside = by_target.get(target.name, [])
        absent = target.status == "not run" or not results.complete
        squares.append(_square(inside, noted) if inside else _empty(absent))
    return tuple(squares)


def _empty(absent: bool) -> Square:
    return Square("not run" if absent else "n/a", None, (), 0)


def _square(cells: list[Cell], noted: str) -> Square:
    verdict = worst([cell.verdict for cell in cells])
    notes: dict[str, list[Verdict]] = defaultdict(list)
    for cell in cells:
        notes[getattr(cell, noted)].append(cell.verdict)
    each = {name: worst(notes[name]) for name in sorted(notes, key=property_order)}
    loud = {name: mine for name, mine in each.items() if mine not in _QUIET}
    if noted == "dtype" and len(loud) == len(each) and len(set(loud.values())) == 1:
        loud = {}  # every dtype alike: the verdict says it all
    said = [name if mine == verdict else f"{name} {SYMBOL[mine]}" for name, mine in loud.items()]
    return Square(verdict, largest_share(cells), tuple(said), len(cells))
