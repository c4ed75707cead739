"""The report as one HTML file: no request, readable without scripts and without its own CSS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.report import (
    cases,
    certification,
    check,
    exceedances,
    matrix,
    score,
    section,
)
from conformance.report.plots import bound, choice
from conformance.report.templating import rendered
from conformance.report.upgrade.page import LINES, Upgrade, upgrade
from conformance.results import Diff, Results, compare_runs, summarise
from conformance.results.certification import Certification, read_certification
from conformance.results.exceedances import read_exceedances
from conformance.results.score import read_score

FIRST_SCREEN = 10
"""Causes listed at once; the others open below them."""
CHANGES = 24
"""Plots that give way to the section on changes, so that the page stays as light as without it."""
GROUPS = 200
"""Causes in the page; whoever has more does not need another row to know it."""


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
    return _page(results, cases.block(results.cells), up, certified)


def render_diff(diff: Diff, head: Results, block: cases.Block, in_use: Sequence[str] = ()) -> str:
    """The view of an upgrade of a diff that is there already.

    The page shows all of the head, too; its cases come as a block, and need not be in its cells.
    """
    return _page(head, block, upgrade(diff, in_use))


def _page(
    results: Results,
    block: cases.Block,
    up: Upgrade | None,
    certified: Certification | None = None,
) -> str:
    certified, counted = certified or read_certification(), read_exceedances()
    scored = read_score()
    summary = summarise(results)
    series = {target.name: at for at, target in enumerate(results.manifest.targets)}
    sections = section.sections(results, series, choice.BUDGET - (CHANGES if up else 0))
    return rendered(
        "page.html.jinja",
        results=results,
        manifest=results.manifest,
        targets=results.manifest.targets,
        ran=section.ran(results),
        summary=summary,
        title=_title(results, up.sentence if up else summary.sentence),
        up=up,
        lines=LINES,
        anchors={each.id: each.anchor for each in sections},
        series=series,
        matrix=matrix.by_loss(results),
        sections=sections,
        bounds=_bounds(results, series),
        block=block,
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
    return rendered(name, results=results, summary=summarise(results), **_check(results))


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
