"""`conformance run`: the suite on the targets, into a results file and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import beside, write
from conformance.cli.requesting import GRID, PAIRS
from conformance.cli.selection import (
    device_option,
    dtype_option,
    known_option,
    profile_option,
    seed_option,
    target_option,
)

if TYPE_CHECKING:
    from conformance.cli.requesting import Asked
    from conformance.cli.resuming import Earlier
    from conformance.results import Results

RESULTS = "conformance-results.jsonl.gz"
NOWHERE = "-"


@click.command("run")
@click.argument("losses", nargs=-1)
@target_option
@profile_option
@dtype_option
@device_option
@seed_option
@click.option(
    "--shard",
    default=None,
    metavar="K/N",
    envvar="CONFORMANCE_SHARD",
    help="Only part K of N; `conformance merge` puts them together.",
)
@click.option(
    "--exhaustive",
    is_flag=False,
    flag_value=GRID,
    default=None,
    type=click.Choice([GRID, PAIRS]),
    help="Try every 16-bit value of each input too, as the deep profile does; with =pairs all pairs.",
)
@click.option(
    "--hunt",
    is_flag=True,
    help="Search for the inputs that use most of their bounds too, as the deep profile does.",
)
@click.option(
    "--corpus",
    default=None,
    type=click.Path(file_okay=False),
    envvar="CONFORMANCE_CORPUS",
    metavar="DIR",
    help="Folder of worst inputs: asked first beside the suite's own, and what a hunt finds goes there.",
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
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=None,
    envvar="CONFORMANCE_JOBS",
    metavar="N",
    help="Processes that judge, each a part of the run. By default one a core, at most 8.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the unfinished run in the results file, as it was asked for.",
)
@click.option(
    "--base",
    default=None,
    metavar="FILE|auto",
    envvar="CONFORMANCE_BASE",
    help="Exit 1 only on findings that these earlier results do not have too.",
)
@click.option(
    "--base-optional", is_flag=True, help="Go on where there is no base; all findings are new then."
)
@known_option
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
@click.pass_context
def command(
    ctx: click.Context,
    losses: tuple[str, ...],
    target: tuple[str, ...],
    profile: str,
    dtype: tuple[str, ...],
    device: str | None,
    seed: int,
    shard: str | None,
    exhaustive: str | None,
    hunt: bool,
    corpus: str | None,
    output: str,
    jobs: int | None,
    resume: bool,
    base: str | None,
    base_optional: bool,
    known: tuple[str, ...],
    spec_folder: str | None,
    form: str,
) -> int:
    """Run the suite: all LOSSES or those named, on all installed frameworks or those named.

    Writes a results file and an HTML report beside it, prints the verdict, and exits by it.
    """
    from contextlib import ExitStack

    from conformance.cli.requesting import Asked, asked_again
    from conformance.cli.resuming import earlier

    file = None if output == NOWHERE else Path(output)
    if resume and file is None:
        raise click.UsageError("--resume goes on with a results file; name it with -o")
    asked = Asked(
        losses, target, profile, dtype, device, seed, shard, spec_folder, known, exhaustive, hunt,
        corpus,
    )  # fmt: skip
    with ExitStack() as stack:
        before = earlier(file, stack) if resume and file else None
        if before is not None:
            asked = asked_again(ctx, asked, before.manifest)
        gate = (base, base_optional) if base else None
        return _run(asked, file, before, gate, form, jobs)


def _run(
    asked: Asked,
    file: Path | None,
    before: Earlier | None,
    gate: tuple[str, bool] | None,
    form: str,
    jobs: int | None,
) -> int:
    from conformance.cli.gating import base_of
    from conformance.cli.recording import record
    from conformance.cli.remembering import keep
    from conformance.cli.requesting import request_of
    from conformance.specs.library import spec_digest

    request, library = request_of(asked, file)
    base = None
    if gate is not None:
        digests = {name: spec_digest(library.losses[name]) for name in request.losses}
        base = base_of(gate[0], file, digests, request.profile, gate[1])
    results = record(request, library, file, asked.flags, before, jobs)
    if asked.corpus and request.hunts:
        keep(results, asked.corpus)
    return _report(results, file, form, base)


def _report(results: Results, file: Path | None, form: str, base: Results | None) -> int:
    from conformance.cli.gating import gated, told
    from conformance.results import summarise

    summary = summarise(results)
    code, new = gated(results, summary, base) if base else (summary.exit, ())
    files = {"results": str(file), "report": beside(str(file))} if file else {}
    if file:
        from conformance.report.html import render

        write(Path(files["report"]), render(results))
    if form == "json":
        from conformance.cli.account import account, gate

        said = account(results, summary, files.values())
        against = gate(base, new, code) if base else {}
        click.echo(json.dumps({**said, **against}, indent=2))
        return code
    from rich.console import Console

    from conformance.report.terminal import show

    show(results, Console(highlight=False))
    if base:
        click.echo(told(summary, new, base))
    for what, path in files.items():
        click.echo(f"{what:<7} {path}", err=True)
    return code
