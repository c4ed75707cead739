"""A check on a terminal: verdict, how the callable was called, a row a property, the findings."""

from __future__ import annotations

from textwrap import indent

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.report import wording
from conformance.report.check import candidate, error, lacks, rows, stock, unasked
from conformance.report.terminal import FIRST, STYLE, headline, told
from conformance.results import Results, summarise
from conformance.results.cell import Cell
from conformance.results.groups import Group, groups_of
from conformance.results.verdict import SYMBOL

WHERE = 16
"""Columns of the last column, so that a row stays one line on 80; the rest is in the report."""


def show_check(results: Results, console: Console) -> None:
    """Print the whole account of one callable; foreign text goes through `Text`."""
    summary = summarise(results)
    headline(summary, console)
    subject, other = candidate(results), stock(results)
    if subject is not None:
        console.print(Text(wording.short(subject.name, wording.LINE), "bold"))
        for note in subject.notes:
            _indented(note, console, "dim")
    for absence in summary.absent[:FIRST]:
        console.print(Text(wording.short(f"  did not run: {absence.reason}", wording.LINE)))
    console.print()
    console.print(_table(results, other is not None))
    if other is not None:
        console.print(Text(f"stock: {other.name}, on the same inputs", "dim"))
    _lacks(results, console)
    for group in summary.groups[:FIRST]:
        console.print()
        _show_group(group, console)
    if len(summary.groups) > FIRST:
        left = wording.plural(len(summary.groups) - FIRST, "more cause")
        console.print(Text(f"\n{left} in the full report."))


def show_failure(cell: Cell, console: Console) -> None:
    """Print the findings of one cell, as the account of a whole check has them."""
    for at, group in enumerate(groups_of(cell)[:FIRST]):
        if at:
            console.print()
        _show_group(group, console)


def _show_group(group: Group, console: Console) -> None:
    told(group, console)
    if group.worst.hint:
        _indented(group.worst.hint, console, "yellow")
    for title, code in (
        ("without this suite", group.worst.snippet),
        ("test", group.worst.test),
    ):
        if code:
            console.print(Text(f"  {title}:", "dim"))
            console.print(Text(wording.visible(indent(code, "    ")), "cyan"), soft_wrap=True)


def _table(results: Results, compared: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)  # the box parts the columns
    table.add_column("property", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("worst, ulp", justify="right", no_wrap=True)
    table.add_column("of the bound", justify="right", no_wrap=True)
    if compared:
        table.add_column("stock", justify="right", style="dim", no_wrap=True)
    table.add_column("cases", justify="right", no_wrap=True)
    table.add_column("where", no_wrap=True, max_width=WHERE)
    for row in rows(results):
        squares = [
            Text(row.property),
            Text(f"{SYMBOL[row.verdict]} {row.verdict}", STYLE[row.verdict]),
            Text(error(row)),
            Text(wording.share(row.share) if row.share is not None else ""),
            *([Text(wording.share(row.stock) if row.stock is not None else "")] * compared),
            Text(wording.count(row.cases)),
            Text(row.faults or (row.dtype if row.worst else "")),
        ]
        table.add_row(*squares)
    return table


def _lacks(results: Results, console: Console) -> None:
    found = lacks(results)
    if found:
        console.print(Text("not supported, and so not checked:"))
    for lack in found:
        asked = f" ({wording.plural(lack.cases, 'case')})" if lack.cases else ""
        _indented(f"{lack.what}: {lack.reason}{asked}", console)
    nothing = unasked(results)
    if nothing:
        console.print(Text("nothing to check:"))
    for names, reason in nothing:
        _indented(f"{names}: {reason}", console)


def _indented(text: str, console: Console, style: str = "") -> None:
    """Foreign text in lines of its own, all of them two columns in."""
    console.print(Padding(Text(wording.short(text, wording.LINE), style), (0, 0, 0, 2)))
