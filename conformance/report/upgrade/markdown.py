"""A diff as Markdown for a CI step summary: verdict, decisions, what breaks, gaps, drift, lock."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from conformance.report import wording
from conformance.report.markdown import GROUPS, LIMIT, code, fence, prose
from conformance.report.upgrade.decision import decisions
from conformance.report.upgrade.view import drifts, gaps, groups
from conformance.results.breaks import Break
from conformance.results.diff import Diff
from conformance.results.gate import sentence, word
from conformance.results.state import STATE_SYMBOL, STATES, State

_SHOWN: tuple[State, ...] = ("fixed", "still failing", "added", "removed")
_RESERVE = 200
"""Bytes kept for the line that counts what was left out."""


def render(diff: Diff, in_use: Sequence[str] = ()) -> str:
    """Markdown of at most 900 kB with the same words as the page, most urgent first."""
    blocks: list[str] = []
    size = left = 0
    for block in (*_head(diff, in_use), *_breaks(diff), *_rest(diff)):
        size += len(block.encode())
        if size > LIMIT - _RESERVE:
            left += 1
            continue
        blocks.append(block)
    if left:
        blocks.append(f"\n{wording.plural(left, 'further part')} in the full report.\n")
    return "".join(blocks)


def _head(diff: Diff, in_use: Sequence[str]) -> Iterator[str]:
    symbol = {"findings": "✗", "conforms": "✓"}.get(word(diff), "–")
    yield f"## {symbol} {prose(sentence(diff))}\n\n"
    yield "".join(f"- {code(pair.name)}\n" for pair in diff.pairs) + "\n"
    counted = [state for state in STATES if diff.cases[state]]
    said = " · ".join(f"{STATE_SYMBOL[s]} {diff.cases[s]:,} {s}" for s in counted)
    yield f"{said or 'no case'} (cases)\n\n"
    title = "Losses in use" if in_use else "Losses"
    rows = [
        (code(each.loss), code(each.target), f"{each.symbol} {each.word}", prose(each.text))
        for each in decisions(diff, in_use)
    ]
    yield _table(title, ("loss", "target", "", ""), rows)


def _breaks(diff: Diff) -> Iterator[str]:
    if diff.breaks:
        yield "### What breaks\n\n"
    yield from map(_break, diff.breaks[:GROUPS])
    if len(diff.breaks) > GROUPS:
        left = wording.plural(len(diff.breaks) - GROUPS, "further cause")
        yield f"\n{left} in the full report.\n\n"


def _break(entry: Break) -> str:
    cause, finding, example = entry.cause, entry.worst.finding, entry.smallest
    state = f"{entry.state}, documented" if entry.documented else entry.state
    head = f"{STATE_SYMBOL[entry.state]} {state}, {cause.kind}: {code(cause.loss)}"
    cases = wording.plural(entry.cases, "case")
    place = f"{code(cause.property)} on {code(cause.family)}: {cases}"
    lines = [f"<details><summary>{head} {place}</summary>\n\n"]
    if finding is not None:
        lines.append(f"{prose(finding.why or finding.rule)}\n\n")
    if example is not None:
        facts = [*example.inputs.items(), ("expected", example.expected), ("got", example.actual)]
        lines.append("| | |\n|---|---|\n")
        lines += [f"| {code(name)} | {code(wording.value(item))} |\n" for name, item in facts]
    where = f"{', '.join(entry.dtypes)} on {', '.join(entry.targets)}"
    return "".join([*lines, f"\n{prose(where)}\n\n", fence(entry.replay), "</details>\n\n"])


def _rest(diff: Diff) -> Iterator[str]:
    rows = [
        (f"{STATE_SYMBOL[g.state]} {g.state}", code(g.place), f"{g.cases:,}", prose(g.reason))
        for g in gaps(diff)
    ]
    yield _table("Not run, not comparable", ("", "target", "cases", "why"), rows)
    yield _drift(diff)
    for state in _SHOWN:
        found = [
            (
                code(g.loss),
                code(g.property),
                code(g.pair.label),
                f"{g.cases:,}",
                prose(", ".join(g.notes)),
            )
            for g in groups(diff, state)
        ]
        yield _table(state.capitalize(), ("loss", "property", "target", "cases", ""), found)
    manners = [
        (
            b.what,
            f"{code(b.loss)} {code(b.case)} on {code(b.pair.label)}",
            code(b.base),
            code(b.head),
        )
        for b in diff.behaviours
    ]
    yield _table("Manners", ("", "where", "base", "head"), manners)
    lock = [
        (prose(c.place), prose(c.name), code(c.base or "–"), code(c.head or "–")) for c in diff.lock
    ]
    yield _table("Lock", ("", "", "base", "head"), lock)


def _drift(diff: Diff) -> str:
    rows = []
    for each in drifts(diff):
        base, head, cell = each.worst.base, each.worst.head, each.cell
        assert base is not None
        assert head is not None
        rows.append(
            (
                f"{code(cell.loss)} {code(cell.property)} {code(cell.dtype)}",
                code(cell.pair.label),
                f"{each.cases:,} of {each.compared:,}",
                html.escape(f"{wording.ulp(base.ulp)} → {wording.ulp(head.ulp)}"),
                html.escape(f"{wording.share(base.share)} → {wording.share(head.share)}"),
            )
        )
    heads = ("cell", "target", "cases", "ulp off", "of the bound")
    return _table("Drift, nearest to the bound first", heads, rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A heading and a table of at most as many rows as there may be groups; nothing without rows."""
    if not rows:
        return ""
    lines = [f"### {title}\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"]
    lines += [f"| {' | '.join(row)} |\n" for row in rows[:GROUPS]]
    if len(rows) > GROUPS:
        lines.append(f"\n{len(rows) - GROUPS:,} more rows in the full report.\n")
    return "".join([*lines, "\n"])
