"""A second run to compare with: the same cases on a newer torch, with one change of every kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.results import Results, ResultsWriter
from conformance.results.cell import Cell, Example, Finding, Outcome, Row

OLD, NEW = "torch==2.13.0@cpu", "torch==2.15.0@cpu"
BROKEN = ("l1", "value", "float32")
DRIFTED = ("cross_entropy", "value", "float32")
MISSING = ("nll", "value", "float32")
EDGE = ("cross_entropy", "edge-case", "float32")
REWRITTEN = "mse"
"""The loss whose spec changed."""


def upgraded(base: Results) -> Results:
    """The head: torch 2.15.0 for 2.13.0, all other targets to the bit as they were."""
    targets = tuple(
        replace(
            target,
            name=NEW,
            version="2.15.0",
            python="3.12.1",
            packages={"numpy": "2.4.0", "torch": "2.15.0"},
        )
        if target.name == OLD
        else target
        for target in base.manifest.targets
    )
    losses = dict(base.manifest.losses)
    losses[REWRITTEN] = replace(losses[REWRITTEN], digest="f" * 64)
    manifest = replace(base.manifest, targets=targets, losses=losses)
    cells = tuple(_upgraded(cell) if cell.target == OLD else cell for cell in base.cells)
    return replace(base, path=base.path.with_name("head.jsonl.gz"), manifest=manifest, cells=cells)


def save(results: Results, path: Path) -> Path:
    """Write a run that was made in memory."""
    with ResultsWriter(path, results.manifest) as writer:
        for cell in results.cells:
            writer.cell(cell)
        if results.end:
            writer.end(seconds=results.end.seconds, exit=1, verdict="made up")
    return path


def place(cell: Cell) -> tuple[str, str, str]:
    return cell.loss, cell.property, cell.dtype


def _upgraded(cell: Cell) -> Cell:
    cell = replace(
        cell, target=NEW, findings=tuple(replace(each, target=NEW) for each in cell.findings)
    )
    if place(cell) == BROKEN:
        return broken(cell, 3)
    if place(cell) == DRIFTED:
        rows = tuple(drifted(row, 0.9 if at == 1 else 0.2) for at, row in enumerate(cell.rows))
        return replace(cell, rows=rows)
    if place(cell) == MISSING:
        return Cell(*cell_key(cell), "not run", reason="the worker was killed after 30 s")
    if place(cell) == EDGE:
        return replace(
            cell, outcomes=refused(cell.outcomes), warnings=("FutureWarning: gone in 3",)
        )
    if (cell.loss, cell.property) == ("kl_divergence", "gradient"):
        return replace(cell, verdict="pass", findings=())
    return cell


def cell_key(cell: Cell) -> tuple[str, str, str, str]:
    return cell.loss, cell.property, cell.target, cell.dtype


def drifted(row: Row, share: float) -> Row:
    return row._replace(digest="0" * 16, share=share, ulp=3 * share)


def broken(cell: Cell, count: int) -> Cell:
    """The cell with its first cases failing, and the finding that says why."""
    bad = tuple(
        row._replace(verdict="fail", worst_class="exceeds", ulp=40.0, share=8.0, digest="1" * 16)
        for row in cell.rows[:count]
    )
    shown = tuple(Example(row.case, {"prediction": (1.5,)}, 0.5, 0.75) for row in bad)
    finding = Finding(
        id="broken",
        kind="value",
        loss=cell.loss,
        property=cell.property,
        target=cell.target,
        dtype=cell.dtype,
        case=bad[0].case,
        rule="The value lies within its own bound.",
        why="The mean is accumulated in the storage dtype now.",
        replay=f"conformance replay '{bad[0].case}' -t '{cell.target}'",
        cases=count,
        expected=0.5,
        actual=0.75,
        error_ulp=40.0,
        share=8.0,
        bound=5.0,
        smallest=shown,
    )
    rows = (*bad, *cell.rows[count:])
    return replace(cell, verdict="fail", rows=rows, findings=(finding,))


def refused(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    first = replace(outcomes[0], actual="ValueError: not any more", verdict="fail")
    return (first, *outcomes[1:])
