"""The report as one HTML file: no request, readable without scripts and without its own CSS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.report import (
    cases,
    certification,
    check,
    edges,
    exceedances,
    formula,
    matrix,
    score,
    specification,
    tolerance,
    wording,
)
from conformance.report.plots import bound, choice, cumulative, error
from conformance.report.upgrade.page import LINES, Upgrade, upgrade
from conformance.results import Diff, Results, compare_runs, summarise
from conformance.results.cell import Cell
from conformance.results.certification import Certification, read_certification
from conformance.results.change import STATE_SYMBOL
from conformance.results.exceedances import read_exceedances
from conformance.results.manifest import Loss, Target
from conformance.results.score import read_score
from conformance.results.verdict import MEANING, SYMBOL, VERDICTS

FIRST_SCREEN = 10
"""Causes listed at once; the others open below them."""
CHANGES = 24
"""Plots that give way to the section on changes, so that the page stays as light as without it."""
GROUPS = 200
"""Causes in the page; whoever has more does not need another row to know it."""


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


def render(
    results: Results,
    base: Results | None = None,
    in_use: Sequence[str] = (),
    certified: Certification | None = None,
) -> str:
    """The whole page as text; write it as UTF-8. With a base it is the view of an upgrade.

    `in_use` names the losses of the decision table, all where it is empty; `certified` is the
    certification of the reference, by default the one that the suite carries. Raises DiffError
    where no target of the two runs belongs together.
    """
    up = upgrade(compare_runs(base, results), in_use) if base else None
    return _page(results, up, certified)


def render_diff(diff: Diff, in_use: Sequence[str] = ()) -> str:
    """The view of an upgrade of a diff that is there already."""
    return _page(diff.head, upgrade(diff, in_use))


def _page(results: Results, up: Upgrade | None, certified: Certification | None = None) -> str:
    certified, counted = certified or read_certification(), read_exceedances()
    scored = read_score()
    summary = summarise(results)
    drawn, left_out = choice.choose(results.cells, choice.BUDGET - (CHANGES if up else 0))
    series = {target.name: at for at, target in enumerate(results.manifest.targets)}
    anchors = _anchors(results.manifest.losses)
    sections = [
        _section(results, id, anchors[id], drawn, left_out, series)
        for id in results.manifest.losses
    ]
    page = _environment().get_template("page.html.jinja")
    return page.render(
        results=results,
        manifest=results.manifest,
        targets=results.manifest.targets,
        ran=_ran(results),
        summary=summary,
        title=_title(results, up.sentence if up else summary.sentence),
        up=up,
        lines=LINES,
        anchors=anchors,
        series=series,
        matrix=matrix.by_loss(results),
        sections=sections,
        bounds=_bounds(results, series),
        block=cases.block(results),
        certified=certified,
        certification=certification.lines(results.manifest, certified),
        exceedances=counted,
        score=scored,
        score_table=score.text(scored) if scored else "",
        false_alarms=exceedances.text(counted) if counted else "",
        first=FIRST_SCREEN,
        groups=summary.groups[:GROUPS],
        **_check(results),
    )


def piece(name: str, results: Results) -> str:
    """One template by itself: what a notebook shows of a check."""
    return (
        _environment()
        .get_template(name)
        .render(results=results, summary=summarise(results), **_check(results))
    )


def _check(results: Results) -> dict[str, Any]:
    """What a check has to say beside a run: the callable, its rows, what it lacks."""
    return {
        "candidate": check.candidate(results),
        "stock": check.stock(results),
        "rows": check.rows(results),
        "lacks": check.lacks(results),
        "unasked": check.unasked(results),
        "where": check.where,
        "error_of": check.error,
    }


def _section(
    results: Results,
    id: str,
    anchor: str,
    drawn: Sequence[choice.Strip],
    left_out: Sequence[choice.Strip],
    series: dict[str, int],
) -> Section:
    loss, targets = results.manifest.losses[id], _ran(results)
    cells = [cell for cell in results.cells if cell.loss == id]
    lines = matrix.by_property(results, id, targets)
    strips = [_strip(strip, series) for strip in drawn if strip.loss == id]
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
        strips=tuple(strip for strip in strips if strip),
        left_out=tuple(f"{s.property} {s.dtype}" for s in left_out if s.loss == id),
    )


def _ran(results: Results) -> tuple[Target, ...]:
    """The targets that have something to show; the matrix alone has a column for the others."""
    return tuple(target for target in results.manifest.targets if target.status == "ran")


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


def _bounds(results: Results, series: dict[str, int]) -> list[bound.BoundPlot]:
    names = dict.fromkeys(cell.property for cell in results.cells if cell.worst)
    plots = [
        bound.draw(name, results.cells, series) for name in sorted(names, key=matrix.property_order)
    ]
    return [plot for plot in plots if plot]


def _title(results: Results, sentence: str) -> str:
    names = ", ".join(target.name for target in results.manifest.targets[:3])
    more = len(results.manifest.targets) - 3
    return f"{sentence.split(':')[0]} · {names}{f' and {more} more' if more > 0 else ''}"


def _anchors(losses: Sequence[str] | Any) -> dict[str, str]:
    """An id of its own for each loss, whatever its name."""
    taken: dict[str, str] = {}
    for loss in losses:
        anchor = "loss-" + re.sub(r"[^A-Za-z0-9_-]", "-", loss)
        taken[loss] = anchor if anchor not in taken.values() else f"{anchor}-{len(taken)}"
    return taken


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    environment.globals |= {
        "wording": wording,
        "SYMBOL": SYMBOL,
        "STATE_SYMBOL": STATE_SYMBOL,
        "MEANING": MEANING,
        "VERDICTS": VERDICTS,
        "shape": bound.shape,
        "error_size": error,
        "bound_size": bound,
        "link": _link,
        "counts_heading": tolerance.HEADING,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Every expression passes here: invisible characters are spelled out, length is bounded."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return wording.visible(value)
    return value


def _link(source: str) -> str | None:
    """An address that may be followed, or None: nothing but the web is."""
    return source if re.match(r"https?://[^\s]+$", source) else None
