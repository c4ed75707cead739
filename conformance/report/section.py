"""The section of one loss: its spec card, verdicts, tolerance, plots and hand-written cases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from conformance.report import edges, formula, matrix, specification, tolerance
from conformance.report.plots import choice, cumulative, error
from conformance.results import Results
from conformance.results.cell import Cell
from conformance.results.manifest import Loss, Target


@dataclass(frozen=True)
class Strip:
    """A row of plots: one loss, property and dtype, a plot a target, then the distributions."""

    property: str
    dtype: str
    axis: str
    plots: tuple[tuple[Cell, error.ErrorPlot], ...]
    cumulative: cumulative.CumulativePlot | None


@dataclass(frozen=True)
class Section:
    """Everything the page says about one loss."""

    id: str
    anchor: str
    loss: Loss
    mathml: Markup | None
    properties: tuple[matrix.Line, ...]
    quiet: tuple[str, ...]
    fields: tuple[specification.Field, ...]
    reductions: tuple[tuple[str, str], ...]
    conventions: tuple[specification.Convention, ...]
    algorithms: tuple[str, ...]
    tolerance: tuple[tolerance.Section, ...]
    given_away: tuple[str, ...]
    enveloped: tuple[str, ...]
    edges: edges.Sheet
    strips: tuple[Strip, ...]
    left_out: tuple[str, ...]


def sections(results: Results, series: dict[str, int], budget: int) -> list[Section]:
    """A section a loss, with as many plots in all as the budget has; `series` numbers targets."""
    drawn, left_out = choice.choose(results.cells, budget)
    return [
        _section(
            results,
            loss,
            anchor,
            tuple(
                found for strip in drawn if strip.loss == loss if (found := _strip(strip, series))
            ),
            tuple(f"{strip.property} {strip.dtype}" for strip in left_out if strip.loss == loss),
        )
        for loss, anchor in _anchors(results.manifest.losses).items()
    ]


def ran(results: Results) -> tuple[Target, ...]:
    """The targets that have something to show; the matrix alone has a column for the others."""
    return tuple(target for target in results.manifest.targets if target.status == "ran")


def _section(
    results: Results, id: str, anchor: str, strips: tuple[Strip, ...], left_out: tuple[str, ...]
) -> Section:
    loss, targets = results.manifest.losses[id], ran(results)
    cells = [cell for cell in results.cells if cell.loss == id]
    lines = matrix.by_property(results, id, targets)
    return Section(
        id=id,
        anchor=anchor,
        loss=loss,
        mathml=formula.mathml(loss.latex),
        properties=tuple(line for line in lines if not matrix.quiet(line)),
        quiet=tuple(line.name for line in lines if matrix.quiet(line)),
        fields=specification.fields(loss),
        reductions=specification.reductions(loss),
        conventions=specification.conventions(id, loss, targets),
        algorithms=specification.algorithms(id, targets),
        tolerance=tolerance.sections(cells),
        given_away=tolerance.given_away(cells),
        enveloped=tolerance.enveloped(cells),
        edges=edges.sheet(loss, cells, targets),
        strips=strips,
        left_out=left_out,
    )


def _strip(strip: choice.Strip, series: dict[str, int]) -> Strip | None:
    frame = error.frame(strip.cells)
    if frame is None:
        return None
    plots = tuple(
        (cell, error.draw(cell, [other for other in strip.cells if other is not cell], frame))
        for cell in strip.cells
    )
    return Strip(
        property=strip.property,
        dtype=strip.dtype,
        axis=strip.cells[0].axis,
        plots=plots,
        cumulative=cumulative.draw(strip.cells, series),
    )


def _anchors(losses: Iterable[str]) -> dict[str, str]:
    """An id of its own for each loss, whatever its name."""
    taken: dict[str, str] = {}
    for loss in losses:
        anchor = "loss-" + re.sub(r"[^A-Za-z0-9_-]", "-", loss)
        taken[loss] = anchor if anchor not in taken.values() else f"{anchor}-{len(taken)}"
    return taken
