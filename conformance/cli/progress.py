"""A progress bar on stderr, only where somebody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from conformance.results.cell import Cell

Item = TypeVar("Item")


def watched() -> bool:
    """Whether stderr is a terminal outside CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def bar(cells: Iterable[Cell], planned: int) -> Iterator[Cell]:
    """The cells, counted as they pass."""
    return counted(
        cells, planned, lambda cell: f"{cell.loss} {cell.dtype} {cell.target.partition('==')[0]}"
    )


def counted(items: Iterable[Item], planned: int, label: Callable[[Item], str]) -> Iterator[Item]:
    """Items of any kind, counted as they pass, the last one named."""
    if not watched():
        yield from items
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
        for item in items:
            progress.update(task, advance=1, description=label(item))
            yield item


def lines(cells: Iterable[Cell], each: int) -> Iterator[Cell]:
    """The cells; on stderr a line as soon as the `each` verdicts of a dtype are there."""
    held: list[Cell] = []
    for cell in cells:
        if held and (held[-1].dtype, held[-1].target) != (cell.dtype, cell.target):
            held = []
        held.append(cell)
        if len(held) == each:
            _say(held)
        yield cell


def _say(cells: list[Cell]) -> None:
    if " on " not in cells[0].target:
        return  # stock, there for comparison
    import click

    from conformance.report.check import line_of_dtype

    click.echo(line_of_dtype(cells), err=True)
