"""What the page says about an upgrade, ready for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report.plots import movement
from conformance.report.upgrade.decision import Decision, decisions
from conformance.report.upgrade.view import Drift, Gap, Group, drifts, gaps, groups
from conformance.results.breaks import Break
from conformance.results.diff import Diff
from conformance.results.gate import sentence, word
from conformance.results.state import STATE_MEANING, STATE_SYMBOL, STATES, State
from conformance.results.summary import Word

BREAKS = 25
"""Causes in the page; whoever has more does not need another row to know it."""
LINES = 25
"""Rows of each list; the rest is counted, and in the JSON."""
PLOTS = 8


@dataclass(frozen=True)
class Short:
    """The first rows of a list, and how many it has."""

    state: State
    rows: tuple[Group, ...]
    total: int
    cases: int


@dataclass(frozen=True)
class Upgrade:
    """The section `#changes`; lists are cut to what a page can bear, `diff` has all of them.

    `unmoved` counts the rows with the same bits that `decisions` leaves out, of losses that nobody
    named as in use.
    """

    diff: Diff
    word: Word
    sentence: str
    counts: tuple[tuple[State, str, int, int, str], ...]
    in_use: bool
    decisions: tuple[Decision, ...]
    unmoved: int
    breaks: tuple[Break, ...]
    gaps: tuple[Gap, ...]
    drifts: tuple[Drift, ...]
    drifting: int
    lists: tuple[Short, ...]
    plots: tuple[movement.MovementPlot, ...]


def upgrade(diff: Diff, in_use: Sequence[str] = ()) -> Upgrade:
    """Everything that the template shows of a diff."""
    drifting, decided = drifts(diff), decisions(diff, in_use)
    told = tuple(each for each in decided if in_use or each.word != "same bits")
    states: tuple[State, ...] = ("fixed", "still failing", "added", "removed")
    return Upgrade(
        diff=diff,
        word=word(diff),
        sentence=sentence(diff),
        counts=tuple(
            (s, STATE_SYMBOL[s], diff.cases[s], diff.cell_counts[s], STATE_MEANING[s])
            for s in STATES
        ),
        in_use=bool(in_use),
        decisions=told,
        unmoved=len(decided) - len(told),
        breaks=diff.breaks[:BREAKS],
        gaps=gaps(diff)[:LINES],
        drifts=drifting[:LINES],
        drifting=len(drifting),
        lists=tuple(_short(diff, state) for state in states if diff.cases[state]),
        plots=_plots(diff),
    )


def _short(diff: Diff, state: State) -> Short:
    found = groups(diff, state)
    return Short(state, found[:LINES], len(found), diff.cases[state])


def _plots(diff: Diff) -> tuple[movement.MovementPlot, ...]:
    drawn = (
        movement.draw(diff.cells, pair, name)
        for pair in diff.pairs
        if pair.base and pair.head
        for name in ("value", "gradient")
    )
    return tuple([plot for plot in drawn if plot][:PLOTS])
