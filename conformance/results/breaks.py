"""New failures by cause: what somebody has to look at before the upgrade, worst first."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.results.broken import BROKEN, Broken
from conformance.results.cell import Example
from conformance.results.cell_change import CellChange
from conformance.results.groups import Cause
from conformance.results.state import State

Part = tuple[CellChange, Broken]


@dataclass(frozen=True)
class Break:
    """Cases that broke for one cause, in one state; `documented` ones are known deviations."""

    cause: Cause
    state: State
    documented: bool
    parts: tuple[Part, ...]

    @property
    def cases(self) -> int:
        """How many cases broke."""
        return sum(part.cases for _, part in self.parts)

    @property
    def worst(self) -> Broken:
        return self._ordered[0][1]

    @property
    def smallest(self) -> Example | None:
        """The smallest case that broke and can be shown, of the worst finding first."""
        parts = [part for _, part in self._ordered]
        shown = [each for part in parts if part.finding for each in part.finding.smallest]
        broke = (part.example for part in parts if part.example)
        return next(broke, shown[0] if shown else None)

    @property
    def replay(self) -> str:
        """The line that runs the smallest case again, on the target of the head."""
        example, (cell, worst) = self.smallest, self._ordered[0]
        case = example.case if example else worst.change.case
        target = cell.head.target if cell.head else ""
        if case:
            return f"conformance replay {_quoted(case)} -t {_quoted(target)}"
        return worst.finding.replay if worst.finding else ""

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cell.pair.name for cell, _ in self.parts))

    @property
    def dtypes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cell.dtype for cell, _ in self.parts))

    @property
    def _ordered(self) -> list[Part]:
        return sorted(self.parts, key=lambda part: part[1].rank)


def breaks(cells: Iterable[CellChange]) -> tuple[Break, ...]:
    """What fails now and did not, or fails otherwise; undocumented and worst first."""
    found: dict[tuple[Cause, State, bool], list[Part]] = defaultdict(list)
    for cell in cells:
        for part in cell.broken:
            cause = Cause(cell.loss, cell.property, part.kind, cell.pair.label)
            found[cause, part.state, part.documented].append((cell, part))
    made = [Break(*key, tuple(parts)) for key, parts in found.items()]
    return tuple(sorted(made, key=_order))


def _quoted(text: str) -> str:
    """For a shell, whatever a foreign file holds; in the quotes of all other replay lines."""
    return shlex.quote(text) if "'" in text else f"'{text}'"


def _order(entry: Break) -> tuple[bool, int, tuple[int, float, float], int, str, str, str, str]:
    cause, state = entry.cause, BROKEN.index(entry.state)
    place = (cause.loss, cause.property, cause.kind, cause.family)
    return (entry.documented, state, entry.worst.rank, -entry.cases, *place)
