"""`conformance run`: the suite on the targets, into a results file and a report."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from conformance.cli.selection import chosen_losses, chosen_targets

DTYPES = ("float64", "float32", "float16", "bfloat16")
RESULTS = "conformance-results.jsonl.gz"


@click.command("run")
@click.argument("losses", nargs=-1)
@click.option("-t", "--target", multiple=True, help="A target, such as torch@cpu; repeatable.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "default", "deep"]),
    default="quick",
    show_default=True,
    help="How deep to look.",
)
@click.option("--dtype", type=click.Choice(DTYPES), multiple=True, help="Only this dtype.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default=None,
    help="Device of targets that name none.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the cases."
)
@click.option(
    "-o",
    "--output",
    default=RESULTS,
    show_default=True,
    help="Results file; the report goes beside it. - writes nothing.",
)
@click.option(
    "--spec-folder",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="A folder of specs in place of the suite's own.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json prints the summary as JSON on stdout.",
)
def command(
    losses: tuple[str, ...],
    target: tuple[str, ...],
    profile: str,
    dtype: tuple[str, ...],
    device: str | None,
    seed: int,
    output: str,
    spec_folder: tuple[str, ...],
    form: str,
) -> int:
    """Run the suite: every loss, or those named, on every installed framework, or those named.

    Writes a results file and an HTML report beside it, prints the verdict, and exits by it.
    """  # fmt: skip
    from conformance.engine.request import Request
    from conformance.specs.library import load_library

    library = load_library(Path(spec_folder[0]) if spec_folder else None)
    request = Request(
        losses=chosen_losses(losses, library),
        targets=chosen_targets(target, device),
        dtypes=dtype or DTYPES,
        profile=profile,
        seed=seed,
    )
    flags = {"losses": list(losses), "target": list(target), "dtype": list(dtype)}
    return _execute(request, library, output, form, flags)


def _execute(request: Any, library: Any, output: str, form: str, flags: dict[str, Any]) -> int:
    from conformance.cli.progress import bar
    from conformance.engine.manifest import manifest_of
    from conformance.engine.run import cells
    from conformance.engine.workers import open_stations
    from conformance.results import Results, ResultsWriter, summarise
    from conformance.results.cell import End

    started = time.monotonic()
    with ExitStack() as stack:
        click.echo(f"starting {len(request.targets)} targets", err=True)
        stations, absent = open_stations(request.targets, stack)
        manifest = manifest_of(request, library, stations, absent, flags)
        writer = None
        if output != "-":
            writer = stack.enter_context(ResultsWriter(output, manifest))
        found = []
        for cell in bar(cells(request, library.losses, stations, absent), request.planned):
            found.append(cell)
            if writer is not None:
                writer.cell(cell)
        seconds = time.monotonic() - started
        results = Results(manifest, tuple(found), End(len(found), seconds, 0, ""))
        summary = summarise(results)
        if writer is not None:
            writer.end(seconds=seconds, exit=summary.exit, verdict=summary.sentence)
    return _report(results, summary, output, form, seconds)


def _report(results: Any, summary: Any, output: str, form: str, seconds: float) -> int:
    if output != "-":
        from conformance.report.html import render

        page = Path(output.removesuffix(".gz").removesuffix(".jsonl") + ".html")
        page.write_text(render(results), encoding="utf-8")
    if form == "json":
        text = {"verdict": summary.word, "sentence": summary.sentence, "exit": summary.exit,
                "counts": dict(summary.counts), "cases": summary.cases,
                "elements": summary.elements, "seconds": seconds}  # fmt: skip
        click.echo(json.dumps(text))
        return int(summary.exit)
    from rich.console import Console

    from conformance.report.terminal import show

    show(results, Console(stderr=False, highlight=False))
    if output != "-":
        click.echo(f"results {output}", err=True)
        click.echo(f"report  {page}", err=True)
    sys.stdout.flush()
    return int(summary.exit)
