"""`conformance replay`: one case again, by its id."""

from __future__ import annotations

import click

from conformance.cli.selection import chosen_targets


@click.command("replay")
@click.argument("case_id")
@click.option("-t", "--target", multiple=True, help="A target; all stock frameworks otherwise.")
def command(case_id: str, target: tuple[str, ...]) -> int:
    """Run the case CASE_ID again and say what it comes to, on every target or the ones named.

    The id is the one that reports print; it carries the whole case, no file is needed.
    """
    from contextlib import ExitStack

    from rich.console import Console

    from conformance.engine.replay import replay
    from conformance.engine.workers import open_stations
    from conformance.report.terminal import show_cell
    from conformance.specs.library import load_library

    losses = load_library().losses
    console = Console(highlight=False)
    failed = False
    with ExitStack() as stack:
        stations, absent = open_stations(chosen_targets(target, None), stack)
        for station in stations:
            for cell in replay(case_id, station, losses):
                show_cell(cell, console)
                failed = failed or cell.verdict in ("fail", "error")
        for missing in absent:
            console.print(f"not run {missing.target.name}: {missing.reason}", soft_wrap=True)
    return 1 if failed else 4 if absent else 0
