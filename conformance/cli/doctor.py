"""`conformance doctor`: what is installed, and which targets can run."""

from __future__ import annotations

import click

from conformance.cli.selection import STOCK


@click.command("doctor")
@click.option("-t", "--target", multiple=True, help="A target; all stock frameworks otherwise.")
def command(target: tuple[str, ...]) -> int:
    """Say which targets can run here, at which versions, and what is missing for the others.

    Starts each target's worker once, as a run would. Exits 4 if one cannot run.
    """
    from contextlib import ExitStack

    from rich.console import Console
    from rich.table import Table

    from conformance.engine.manifest import machine
    from conformance.engine.workers import Station, open_stations
    from conformance.specs.library import load_library, spec_folder
    from conformance.targets.target import Target

    here = machine()
    console = Console(highlight=False)
    console.print(f"Python {here.python}, {here.platform}, {here.processor}, {here.cores} cores")
    console.print(f"{len(load_library().losses)} losses in {spec_folder()}", soft_wrap=True)
    table = Table("target", "state", "facts")
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse(t) for t in target or STOCK], stack)
        for each in stations:
            table.add_row(each.target.name, "runs", _facts(each))
        for missing in absent:
            table.add_row(missing.target.name, "cannot run", missing.reason)
        assert all(isinstance(each, Station) for each in stations)
    console.print(table)
    return 4 if absent else 0


def _facts(station: object) -> str:
    facts: dict[str, object] = station.facts  # type: ignore[attr-defined]
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
