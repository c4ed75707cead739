"""A run and its record: cells go to the file as they come, and are read back from it."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import click

from conformance.cli.output import unwritable
from conformance.cli.progress import bar, counted, lines
from conformance.cli.verdict import INTERRUPTED
from conformance.engine.asked import Asked
from conformance.engine.checking import check_cells, check_manifest, prepare
from conformance.engine.manifest import manifest_of
from conformance.engine.pairs import cells as all_pairs
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.workers import open_stations, serving
from conformance.results import Results, ResultsWriter, read_results
from conformance.results.cell import Cell
from conformance.results.manifest import Manifest
from conformance.results.summary import ended as with_end
from conformance.specs.library import Library


def record(
    request: Request, library: Library, file: Path | None, flags: Mapping[str, Any]
) -> Results:
    """Run the request and give its results, those in the file where one is named.

    Raises click.UsageError where the file cannot be written. An interrupt ends the process with
    status 130; what was recorded until then stays readable, as an incomplete run.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        click.echo(f"starting {', '.join(each.label for each in request.targets)}", err=True)
        opened, absent = open_stations(request.targets, stack)
        stations = [serving(station, library) for station in opened]
        manifest = manifest_of(request, library, stations, absent, flags)
        made = cells(request, library.losses, stations, absent)
        if isinstance(made, Generator):
            stack.callback(made.close)  # its threads end before the workers that they ask
        pairs = all_pairs(request.plan, library.losses, request.pairs, stations, absent, counted)
        found = chain(bar(made, request.planned), pairs)
        return _recorded(found, manifest, file, started, stack)


def record_check(asked: Asked, file: Path | None) -> Results:
    """Check one callable and give its results; says each dtype's verdicts as they come."""
    started = time.monotonic()
    with ExitStack() as stack:
        prepared = prepare(asked, stack, lambda line: click.echo(line, err=True))
        manifest = check_manifest(asked, prepared)
        made = check_cells(prepared, stack)
        return _recorded(
            lines(made, len(prepared.request.properties)), manifest, file, started, stack
        )


def _recorded(
    found: Iterable[Cell], manifest: Manifest, file: Path | None, started: float, stack: ExitStack
) -> Results:
    if file is None:
        return ended(Results(Path(os.devnull), manifest, tuple(found), None), started)
    writer = opened(ResultsWriter(file, manifest), stack)
    _write(found, writer, manifest.planned)
    results = ended(read_results(file), started)
    assert results.end is not None
    end = results.end
    writer.end(seconds=end.seconds, exit=end.exit, verdict=end.verdict)
    return results


def opened(writer: ResultsWriter, stack: ExitStack) -> ResultsWriter:
    """The writer in its context; raises click.UsageError where its file cannot be written."""
    try:
        return stack.enter_context(writer)
    except OSError as error:
        raise unwritable(str(writer.path), error) from error


def _write(found: Iterable[Cell], writer: ResultsWriter, planned: int) -> None:
    count = 0
    try:
        for cell in found:
            writer.cell(cell)
            count += 1
    except KeyboardInterrupt:
        kept = f"{count} of {planned} cells are in {writer.path}"
        hint = f"`conformance report {writer.path}` shows them"
        click.echo(f"interrupted: {kept}; {hint}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def ended(results: Results, started: float) -> Results:
    """With the end marker, which says what the run that began then came to."""
    return with_end(results, time.monotonic() - started)
