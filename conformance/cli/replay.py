"""`conformance replay`: one case again, by its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.selection import chosen_targets, known_option, near, target_option
from conformance.cli.verdict import FINDINGS, INCOMPLETE, NOTHING

if TYPE_CHECKING:
    from conformance.results.cell import Cell


@click.command("replay")
@click.argument("case_id")
@target_option
@known_option
def command(case_id: str, target: tuple[str, ...], known: tuple[str, ...]) -> int:
    """Run the case CASE_ID again, on every installed target or those named.

    The id is the one that reports print; it holds the whole case, no file is needed. Exits 1 if the
    case fails, 4 if a target cannot run, 5 if no target offers it.
    """
    from contextlib import ExitStack

    from rich.console import Console

    from conformance.cases.replay import rebuild, split_id
    from conformance.engine.replay import replay
    from conformance.engine.request import PROPERTIES
    from conformance.engine.workers import open_stations
    from conformance.report.terminal import show_cell
    from conformance.specs.library import load_library
    from conformance.targets.known import read_known

    losses = load_library().losses
    own = [each for path in known for each in read_known(Path(path))]
    name, text = split_id(case_id)
    if name not in PROPERTIES:
        raise click.UsageError(f"there is no property {name!r}; {near(name, PROPERTIES)}")
    rebuild(text, losses)  # a case that nobody can read is told before a worker starts
    console = Console(highlight=False)
    found: list[Cell] = []
    with ExitStack() as stack:
        stations, absent = open_stations(chosen_targets(target), stack)
        for station in stations:
            for cell in replay(case_id, station, losses, own):
                show_cell(cell, console)
                found.append(cell)
        for missing in absent:
            console.print(f"not run {missing.target.name}: {missing.reason}", soft_wrap=True)
    return _exit(found, bool(absent))


def _exit(cells: Sequence[Cell], absent: bool) -> int:
    from conformance.results import verdict

    verdicts = {cell.verdict for cell in cells}
    if verdicts & {*verdict.FINDINGS}:
        return FINDINGS
    if absent:
        return INCOMPLETE
    return 0 if verdicts & {"pass", "known"} else NOTHING
