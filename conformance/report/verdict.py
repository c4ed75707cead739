"""A check on a terminal: verdict, how the callable was called, a row a property, the findings."""

from __future__ import annotations

from textwrap import indent

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report import wording
from conformance.report.check import candidate, error, lacks, rows, stock
from conformance.report.terminal import FIRST, STYLE, headline, told
from conformance.results import Results, summarise
from conformance.results.verdict import SYMBOL

WHERE = 16
"""Columns of the last column, so that a row stays one line on 80; the input is in the report."""


def show_check(results: Results, console: Console) -> None:
    """Print the whole account of one callable; foreign text goes through `Text`."""
    summary = summarise(results)
    headline(summary, console)
    subject, other = candidate(results), stock(results)
    if subject is not None:
        console.print(Text(wording.short(subject.name, wording.LINE), "bold"))
        for note in subject.notes:
            console.print(Text(f"  {wording.short(note, wording.LINE)}", "dim"))
    for absence in summary.absent[:FIRST]:
        console.print(Text(wording.short(f"  did not run: {absence.reason}", wording.LINE)))
    console.print()
    console.print(_table(results, other is not None))
    if other is not None:
        console.print(Text(f"stock: {other.name}, on the same inputs", "dim"))
    _lacks(results, console)
    for group in summary.groups[:FIRST]:
        console.print()
        told(group, console)
        if group.worst.hint:
            console.print(Text(f"  {wording.short(group.worst.hint, wording.LINE)}", "yellow"))
        for title, code in (
            ("without this suite", group.worst.snippet),
            ("test", group.worst.test),
        ):
            if code:
                console.print(Text(f"  {title}:", "dim"))
                console.print(Text(wording.visible(indent(code, "    ")), "cyan"), soft_wrap=True)
    if len(summary.groups) > FIRST:
        left = wording.plural(len(summary.groups) - FIRST, "more cause")
        console.print(Text(f"\n{left} in the full report."))


def _table(results: Results, compared: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("property")
    table.add_column("verdict")
    table.add_column("worst, ulp", justify="right")
    table.add_column("of the bound", justify="right")
    if compared:
        table.add_column("stock", justify="right", style="dim")
    table.add_column("cases", justify="right")
    table.add_column("where", overflow="fold")
    for row in rows(results):
        squares = [
            Text(row.property),
            Text(f"{SYMBOL[row.verdict]} {row.verdict}", STYLE[row.verdict]),
            Text(error(row)),
            Text(wording.share(row.share) if row.share is not None else ""),
            *([Text(wording.share(row.stock) if row.stock is not None else "")] * compared),
            Text(wording.count(row.cases)),
            Text(wording.short(row.dtype if row.worst else "; ".join(row.notes), WHERE)),
        ]
        table.add_row(*squares)
    return table


def _lacks(results: Results, console: Console) -> None:
    found = lacks(results)
    if found:
        console.print(Text("not supported, and so not checked:"))
    for lack in found:
        asked = f" ({wording.plural(lack.cases, 'case')})" if lack.cases else ""
        console.print(
            Text(f"  {wording.short(f'{lack.what}: {lack.reason}{asked}', wording.LINE)}")
        )
