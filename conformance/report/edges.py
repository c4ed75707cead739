"""Hand-written cases across targets: edge cases, worked examples, inputs that must be refused.

What is said of a case stands beside its name, once; what is said of one target's answer is a
numbered note below the table, so that a reader without a mouse comes to it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from conformance.report import wording
from conformance.report.matrix import property_order
from conformance.results.cell import Cell, Outcome
from conformance.results.manifest import Loss, Target
from conformance.results.verdict import SYMBOL, Verdict, worst

TITLES = {
    "edge-case": "Edge cases",
    "example": "Worked examples",
    "error": "Must be refused",
    "gradient-path": "Whichever inputs need a gradient",
    "weight-gradient": "Gradients by weights",
    "forward": "Forward mode",
    "second-order": "Second derivatives",
    "cotangent": "Gradients along cotangents of every structure",
    "layout": "Layout in memory",
    "determinism": "Determinism",
    "contract": "Contract of the call",
}
_SHORT = 48
"""Characters of a value in a table cell."""


@dataclass(frozen=True)
class Answer:
    """What one target said, over all its dtypes; `got` only where it was not what was expected.

    `due` is what it declares, where each target declares that for itself; `mark` is the number of
    its note among those of the sheet, 0 where it has none.
    """

    verdict: Verdict
    dtypes: tuple[str, ...]
    got: str
    note: str
    due: str = ""
    mark: int = 0

    @property
    def symbol(self) -> str:
        return SYMBOL[self.verdict]


@dataclass(frozen=True)
class Row:
    id: str
    why: str
    given: str
    expected: str
    answers: tuple[Answer | None, ...]


@dataclass(frozen=True)
class Table:
    property: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Sheet:
    """The tables of one loss, and the notes that their marks count, from 1."""

    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def sheet(loss: Loss, cells: Iterable[Cell], targets: Sequence[Target]) -> Sheet:
    """A table a property whose cells carry outcomes, rows in the order of first sight."""
    marks: dict[str, int] = {}
    numbered = tuple(
        replace(table, rows=tuple(_marked(row, marks) for row in table.rows))
        for table in _tables(loss, cells, targets)
    )
    return Sheet(numbered, tuple(marks))


def _marked(row: Row, marks: dict[str, int]) -> Row:
    """The row with the number of each answer's note; `marks` grows by those that are new."""
    answers = tuple(
        each and replace(each, mark=marks.setdefault(each.note, len(marks) + 1) if each.note else 0)
        for each in row.answers
    )
    return replace(row, answers=answers)


def _tables(loss: Loss, cells: Iterable[Cell], targets: Sequence[Target]) -> tuple[Table, ...]:
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.outcomes:
            found[cell.property].append(cell)
    reasons = {case.id: case.why for case in loss.edge_cases}
    reasons |= {reject.id: f"breaks {reject.breaks}" for reject in loss.rejects}
    return tuple(
        Table(name, TITLES.get(name, name), _table_rows(name, found[name], targets, reasons))
        for name in sorted(found, key=property_order)
    )


DECLARED = "contract"
"""The property whose rows each target expects otherwise, by its own declaration."""


def _table_rows(
    name: str, cells: list[Cell], targets: Sequence[Target], reasons: dict[str, str]
) -> tuple[Row, ...]:
    rows = _rows(cells, targets, reasons)
    if name == DECLARED:
        rows = tuple(_declared(row, cells, targets) for row in rows)
    return tuple(_told_once(row) for row in rows)


def _told_once(row: Row) -> Row:
    """What every target that was asked has as its note is said of the case, not of each answer."""
    asked = {each.note for each in row.answers if each and each.verdict != "n/a"}
    common = asked.pop() if len(asked) == 1 else ""
    why = row.why if common in row.why else " · ".join(filter(None, (row.why, common)))
    answers = tuple(
        each and replace(each, note="" if each.note in why else each.note) for each in row.answers
    )
    return replace(row, why=why, answers=answers)


def _declared(row: Row, cells: list[Cell], targets: Sequence[Target]) -> Row:
    """The row with the question that it answers, and in each answer the target's own word."""
    outcomes = [
        (cell.target, each) for cell in cells for each in cell.outcomes if each.id == row.id
    ]
    asked = [each.note for _, each in outcomes if each.verdict == "pass"]
    words = {
        target: str(each.expected).partition(":")[0]
        for target, each in reversed(outcomes)
        if each.verdict != "n/a" and ":" in str(each.expected)
    }
    why = next((note for note in asked if note), row.why)
    answers = tuple(
        each and replace(each, due=words.get(target.name, ""))
        for target, each in zip(targets, row.answers, strict=True)
    )
    return replace(row, why=why, expected="as each target declares", answers=answers)


def _rows(cells: list[Cell], targets: Sequence[Target], reasons: dict[str, str]) -> tuple[Row, ...]:
    seen: dict[str, dict[str, list[tuple[str, Outcome]]]] = {}
    for cell in cells:
        for outcome in cell.outcomes:
            by_target = seen.setdefault(outcome.id, defaultdict(list))
            by_target[cell.target].append((cell.dtype, outcome))
    return tuple(_row(id, by_target, targets, reasons) for id, by_target in seen.items())


def _row(
    id: str,
    by_target: dict[str, list[tuple[str, Outcome]]],
    targets: Sequence[Target],
    reasons: dict[str, str],
) -> Row:
    found = [outcome for outcomes in by_target.values() for _, outcome in outcomes]
    asked = next((each for each in found if each.verdict != "n/a"), found[0])
    return Row(
        id=id,
        why=reasons.get(id, ""),
        given=wording.value(asked.given),
        expected=wording.value(asked.expected),
        answers=tuple(_answer(by_target.get(target.name, [])) for target in targets),
    )


def _answer(outcomes: list[tuple[str, Outcome]]) -> Answer | None:
    if not outcomes:
        return None
    verdict = worst([outcome.verdict for _, outcome in outcomes])
    telling = [(dtype, outcome) for dtype, outcome in outcomes if outcome.verdict == verdict]
    outcome = telling[0][1]
    quiet = verdict in ("pass", "n/a", "not run")
    return Answer(
        verdict=verdict,
        dtypes=() if len(telling) == len(outcomes) else tuple(dtype for dtype, _ in telling),
        got="" if quiet else wording.short(wording.value(outcome.actual), _SHORT),
        note=outcome.note or "",
    )
