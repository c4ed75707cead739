"""A progress bar on stderr, only where somebody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.results.cell import Cell


def watched() -> bool:
    """Whether stderr is a terminal outside CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def bar(cells: Iterable[Cell], planned: int) -> Iterator[Cell]:
    """The cells, counted as they pass."""
    if not watched():
        yield from cells
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<44.44}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=planned)
        for cell in cells:
            label = f"{cell.loss} {cell.dtype} {cell.target.partition('==')[0]}"
            progress.update(task, advance=1, description=label)
            yield cell


def lines(cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells; on stderr a line a dtype, as soon as its verdicts are there."""
    held: list[Cell] = []
    for cell in cells:
        if held and (held[-1].dtype, held[-1].target) != (cell.dtype, cell.target):
            _say(held)
            held = []
        held.append(cell)
        yield cell
    if held:
        _say(held)


def _say(cells: list[Cell]) -> None:
    import click

    from conformance.report.check import line_of_dtype

    click.echo(line_of_dtype(cells), err=True)
