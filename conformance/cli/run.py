"""`conformance run`: the suite on the targets, into a results file and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import beside, write
from conformance.cli.selection import (
    DEVICES,
    DTYPES,
    chosen_losses,
    chosen_targets,
    need_reference,
    target_option,
)

if TYPE_CHECKING:
    from conformance.results import Results

RESULTS = "conformance-results.jsonl.gz"
NOWHERE = "-"


@click.command("run")
@click.argument("losses", nargs=-1)
@target_option
@click.option(
    "--profile",
    type=click.Choice(["quick", "default", "deep"]),
    default="quick",
    show_default=True,
    envvar="CONFORMANCE_PROFILE",
    help="How deep to look.",
)
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    multiple=True,
    envvar="CONFORMANCE_DTYPES",
    metavar="DTYPE",
    help=f"Only this one of {', '.join(DTYPES)}; repeatable.",
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=None,
    envvar="CONFORMANCE_DEVICE",
    help="Device of targets that name none.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default="0",
    metavar="N",
    envvar="CONFORMANCE_SEED",
    help="Seed of the cases.",
)
@click.option(
    "--shard",
    default=None,
    metavar="K/N",
    envvar="CONFORMANCE_SHARD",
    help="Only part K of N; `conformance merge` puts them together.",
)
@click.option(
    "-o",
    "--output",
    default=RESULTS,
    envvar="CONFORMANCE_OUTPUT",
    metavar="FILE",
    help=f"Results file, by default {RESULTS}; the report goes beside it. - writes neither.",
)
@click.option(
    "--spec-folder",
    default=None,
    type=click.Path(exists=True, file_okay=False),
    envvar="CONFORMANCE_SPEC_FOLDER",
    help="Specs in place of the suite's own.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print on stdout: verdict and causes, or the same as JSON.",
)
def command(
    losses: tuple[str, ...],
    target: tuple[str, ...],
    profile: str,
    dtype: tuple[str, ...],
    device: str | None,
    seed: int,
    shard: str | None,
    output: str,
    spec_folder: str | None,
    form: str,
) -> int:
    """Run the suite: all LOSSES or those named, on all installed frameworks or those named.

    Writes a results file and an HTML report beside it, prints the verdict, and exits by it.
    """
    from conformance.cli.recording import record
    from conformance.engine.request import Request
    from conformance.engine.shard import shard as divide
    from conformance.specs.library import load_library

    library = load_library(Path(spec_folder) if spec_folder else None)
    chosen = chosen_losses(losses, library)
    need_reference(chosen)
    dtypes = tuple(dict.fromkeys(dtype)) or DTYPES
    request = Request(
        losses=chosen,
        targets=chosen_targets(target, device),
        dtypes=dtypes,
        profile=profile,
        seed=seed,
        shard=divide(shard, chosen, dtypes, library.losses) if shard else None,
    )
    flags = {"losses": list(losses), "target": list(target), "dtype": list(dtype)}
    file = None if output == NOWHERE else Path(output)
    return _report(record(request, library, file, flags), file, form)


def _report(results: Results, file: Path | None, form: str) -> int:
    from conformance.results import summarise

    summary = summarise(results)
    files = {"results": str(file), "report": beside(str(file))} if file else {}
    if file:
        from conformance.report.html import render

        write(Path(files["report"]), render(results))
    if form == "json":
        from conformance.cli.account import account

        click.echo(json.dumps(account(results, summary, files.values()), indent=2))
        return summary.exit
    from rich.console import Console

    from conformance.report.terminal import show

    show(results, Console(highlight=False))
    for what, path in files.items():
        click.echo(f"{what:<7} {path}", err=True)
    return summary.exit
