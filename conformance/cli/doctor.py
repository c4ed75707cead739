"""`conformance doctor`: what is installed, and which targets can run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from conformance.cli.selection import chosen_targets, stock_targets, target_option
from conformance.cli.verdict import INCOMPLETE

UNTOLD = ("python", "device")
"""Facts of a worker that its name or the first line says already."""


@click.command("doctor")
@target_option
def command(target: tuple[str, ...]) -> int:
    """Say which targets can run here, at which versions, and what the others lack.

    Starts the worker of each target once, as a run would. Exits 4 if one cannot run.
    """
    from contextlib import ExitStack

    from rich.console import Console
    from rich.text import Text

    from conformance import __version__
    from conformance.engine.manifest import machine
    from conformance.engine.workers import open_stations
    from conformance.results.verdict import SYMBOL
    from conformance.specs.library import load_library, spec_folder

    asked = chosen_targets(target) if target else stock_targets()
    here, console = machine(), Console(highlight=False)
    console.print(f"conformance {__version__}, Python {here.python}, {here.platform}")
    console.print(f"{here.processor}, {here.cores} cores")
    console.print(f"{len(load_library().losses)} losses in {spec_folder()}", soft_wrap=True)
    with ExitStack() as stack:
        stations, absent = open_stations(asked, stack)
        for each in stations:
            console.print(Text(f"\n{SYMBOL['pass']} {each.target.name}", "green"))
            console.print(Text(f"  {_facts(each.facts)}"))
        for missing in absent:
            console.print(Text(f"\n{SYMBOL['not run']} {missing.target.name} cannot run", "bold"))
            console.print(Text(f"  {missing.reason}"))
    return INCOMPLETE if absent else 0


def _facts(facts: Mapping[str, Any]) -> str:
    told = {name: value for name, value in facts.items() if value is not None}
    return ", ".join(f"{name} {value}" for name, value in told.items() if name not in UNTOLD)
