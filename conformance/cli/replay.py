"""`conformance replay`: one case again, by its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.asking import candidate_options, one_asked
from conformance.cli.selection import chosen_targets, known_option, near, target_option
from conformance.cli.verdict import FINDINGS, INCOMPLETE, NOTHING

if TYPE_CHECKING:
    from conformance.results.cell import Cell


@click.command("replay")
@click.argument("case_id")
@target_option
@click.option("--check", "place", metavar="PLACE", help="On this callable, as `check` called it.")
@click.option(
    "--from",
    "results",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="On the callable of this results file of a check.",
)
@candidate_options
@known_option
def command(
    case_id: str,
    target: tuple[str, ...],
    place: str | None,
    results: str | None,
    spec: str | None,
    framework: str | None,
    rename: tuple[str, ...],
    layout: tuple[str, ...],
    device: str,
    params: tuple[str, ...],
    argument: tuple[str, ...],
    batch_axes: str | None,
    convention: tuple[str, ...],
    no_gradient: tuple[str, ...],
    algorithm: str | None,
    known: tuple[str, ...],
    timeout: float | None,
    memory: int,
) -> int:
    """Run the case CASE_ID again, on every installed target or those named.

    The id is the one that reports print; it holds the whole case, no file is needed. Exits 1 if the
    case fails, 4 if a target cannot run, 5 if no target offers it. With --check or --from it runs on
    a callable of yours, and says FIXED or FAILED.
    """
    if place is not None or results is not None:
        from conformance.cli.again import again, read_call

        asked = one_asked(
            place or "", spec, framework, rename, layout, device, params, argument,
            batch_axes, convention, no_gradient, algorithm, _one(known), timeout, memory,
        )  # fmt: skip
        return again(case_id, asked if results is None else read_call(results, asked))
    return _on_targets(case_id, target, known)


def _one(known: tuple[str, ...]) -> str | None:
    """The callable's own list: those of the environment and the project are for the frameworks."""
    source = click.get_current_context().get_parameter_source("known")
    if source is not click.core.ParameterSource.COMMANDLINE:
        return None
    if len(known) > 1:
        raise click.UsageError(f"--known {', '.join(known)}: a callable takes one file; name one")
    return known[0]


def _on_targets(case_id: str, target: tuple[str, ...], known: tuple[str, ...]) -> int:
    from contextlib import ExitStack

    from rich.console import Console

    from conformance.cases.replay import rebuild, split_id
    from conformance.engine.replay import replay
    from conformance.engine.request import EXHAUSTIVE, PROPERTIES
    from conformance.engine.workers import open_stations
    from conformance.report.terminal import show_cell
    from conformance.results.cell import PAIRS
    from conformance.specs.library import load_library
    from conformance.targets.known import read_known

    losses = load_library().losses
    own = [each for path in known for each in read_known(Path(path))]
    name, text = split_id(case_id)
    properties = (*PROPERTIES, *EXHAUSTIVE, PAIRS)
    if name not in properties:
        raise click.UsageError(f"there is no property {name!r}; {near(name, properties)}")
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
