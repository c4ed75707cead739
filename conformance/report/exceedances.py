"""The count of false alarms as a table of text, for a terminal and for the report."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from conformance.results.exceedances import Exceedances, Row

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 170
_HEADS = ("compared", "beyond", "known", "median", "99 %", "largest")


def table(count: Exceedances) -> Table:
    """Losses one under the other, each with its targets and their orders of operations."""
    from rich.table import Table

    made = Table(box=None, padding=(0, 2, 0, 0))
    made.add_column("loss, target, order of operations", no_wrap=True)
    for head in (*_HEADS, *count.all.flagged):
        made.add_column(head, justify="right", no_wrap=True)
    for loss in sorted({row.loss for row in count.rows}):
        made.add_row(loss)
        for row in count.rows:
            if row.loss == loss:
                made.add_row(f"  {row.target}  {row.algorithm}", *_cells(row))
    made.add_row("all", *_cells(count.all))
    return made


def text(count: Exceedances) -> str:
    from rich.console import Console

    console = Console(file=StringIO(), width=WIDTH, color_system=None)
    console.print(table(count))
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def _cells(row: Row) -> list[str]:
    counts = [f"{each:,}" for each in (row.comparisons, row.exceedances, row.known)]
    shares = [
        "–" if each is None else f"{each:.3f}" for each in (row.median, row.most, row.largest)
    ]
    return [*counts, *shares, *(f"{each:,}" for each in row.flagged.values())]
