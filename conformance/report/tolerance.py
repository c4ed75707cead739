"""How far each target is from the truth: a row a target and dtype, for values and gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from conformance.report import wording
from conformance.report.matrix import property_order
from conformance.results.cell import Cell
from conformance.results.verdict import Class

FRAMEWORKS = ("torch", "jax", "keras")
"""Whose own default test tolerances are compared."""
_COLUMNS = "{:>10}{:>11}{:>10}{:>8}{:>8}{:>8}"
HEADING = _COLUMNS.format("values", "rounded %", "faithful", "ideal", "own", "beyond")


@dataclass(frozen=True)
class Row:
    """One cell in numbers; `counts` is set in columns of fixed width, under `HEADING`."""

    cell: Cell
    counts: str
    worst: str
    share: str
    fill: int
    bias: str
    typed: str


@dataclass(frozen=True)
class Section:
    """The rows of one property, those of a target together."""

    property: str
    targets: tuple[tuple[str, tuple[Row, ...]], ...]


def sections(cells: Iterable[Cell]) -> tuple[Section, ...]:
    """The cells of one loss that were compared in ulp, by property and target."""
    measured = [cell for cell in cells if sum(cell.classes.values())]
    ordered = sorted(measured, key=lambda cell: property_order(cell.property))
    found = []
    for name, inside in groupby(ordered, key=lambda cell: cell.property):
        rows = [_row(cell) for cell in inside]
        targets = dict.fromkeys(row.cell.target for row in rows)
        by_target = [(t, tuple(row for row in rows if row.cell.target == t)) for t in targets]
        found.append(Section(name, tuple(by_target)))
    return tuple(found)


def given_away(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Where an honest program is less accurate than the best one: the largest factor a target."""
    worst: dict[tuple[str, str], tuple[float, str]] = {}
    for cell in cells:
        if cell.accuracy_loss and cell.accuracy_loss.factor > 1:
            found = (cell.accuracy_loss.factor, cell.dtype)
            key = (cell.target, cell.property)
            worst[key] = max(worst.get(key, found), found)
    ranked = sorted(worst.items(), key=lambda entry: -entry[1][0])
    return tuple(
        f"{target} {name} {wording.ulp(factor)}× ({dtype})"
        for (target, name), (factor, dtype) in ranked
    )


def enveloped(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Targets that were held to the widest of the known algorithms, as theirs is not registered."""
    return tuple(dict.fromkeys(cell.target for cell in cells if cell.algorithm == "envelope"))


def _row(cell: Cell) -> Row:
    total = sum(cell.classes.values())
    share = cell.worst.share if cell.worst else None
    within = [wording.percent(part, total) for part in _within(cell.classes)]
    return Row(
        cell=cell,
        counts=_COLUMNS.format(wording.count(total), *within, _beyond(cell.classes)),
        worst=wording.at_least(cell.worst.ulp if cell.worst else None, cell.coverage),
        share=wording.share(share),
        fill=round(100 * share) if share is not None and 0 <= share <= 1 else 100,
        bias="–" if cell.bias_ulp is None else wording.signed(cell.bias_ulp),
        typed=_typed(cell),
    )


def _within(classes: Mapping[Class, int]) -> tuple[int, ...]:
    """Rounded counts the exact special values too; premature under- and overflow is its own's."""
    rounded = classes.get("exact special", 0) + classes.get("correctly rounded", 0)
    own = classes.get("own", 0) + classes.get("premature", 0)
    return rounded, classes.get("faithful", 0), classes.get("ideal", 0), own


def _beyond(classes: Mapping[Class, int]) -> str:
    failing = classes.get("exceeds", 0) + classes.get("wrong", 0)
    known = classes.get("known", 0)
    if known and not failing:
        return f"{wording.count(known)} known"
    return wording.count(failing) + (f" + {wording.count(known)} known" if known else "")


def _typed(cell: Cell) -> str:
    if not cell.typed:
        return "–"
    return " / ".join(
        wording.count(cell.typed[name]) if name in cell.typed else "–" for name in FRAMEWORKS
    )
