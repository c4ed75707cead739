"""A progress bar on stderr, only where somebody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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


def line(cells: Sequence[Cell]) -> None:
    """On stderr, the verdicts of a checked callable in one dtype."""
    import click

    from conformance.report.check import line_of_dtype

    click.echo(line_of_dtype(cells), err=True)
