"""`conformance doctor`: what is installed, which targets can run, and how their devices compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from conformance.cli.measuring import COUNT
from conformance.cli.selection import (
    chosen_targets,
    dtype_option,
    seed_option,
    stock_targets,
    target_option,
)
from conformance.cli.verdict import INCOMPLETE

UNTOLD = ("python", "device")
"""Facts of a worker that its name or the first line says already."""


@click.command("doctor")
@target_option
@click.option("--measure", is_flag=True, help="Measure the arithmetic of each target's device.")
@dtype_option
@click.option("--count", type=click.IntRange(min=1), default=COUNT, show_default=True, metavar="N",
              help="Inputs of each function in float32; fewer in float64, all in 16 bit.")  # fmt: skip
@seed_option
@click.option("-o", "--output", default=None, metavar="FILE",
              help="Write what was measured as a profile; - is stdout.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True, help="What to print of a measurement.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context, target: tuple[str, ...], measure: bool, dtype: tuple[str, ...], count: int,
    seed: int, output: str | None, form: str,
) -> int:  # fmt: skip
    """Say which targets can run here, at which versions, and what the others lack.

    Starts the worker of each target once, as a run would. Exits 4 if one cannot run.

    With --measure it asks each target for the functions that its arithmetic profile names and holds
    the largest errors, in ulp, to those declared. Exits 1 where one is beyond.
    """
    if measure:
        from conformance.cli.measuring import USUAL
        from conformance.cli.measuring import measure as measured

        asked = chosen_targets(target or USUAL, bound=False)
        if not target:
            asked = tuple(each for each in asked if each.version is not None)
        return measured(asked, dtype, count, seed, output, form)
    for name in ("dtype", "count", "seed", "output", "form"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = "--format" if name == "form" else f"--{name}"
            raise click.UsageError(f"{flag} belongs to --measure; add it, or leave the flag out")
    return _look(target)


def _look(target: tuple[str, ...]) -> int:
    """What is installed, and which targets run."""
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
