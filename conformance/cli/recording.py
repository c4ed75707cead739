"""A run and its record: cells go to the file as they come, and are read back from it."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.cli.output import unwritable
from conformance.cli.progress import bar
from conformance.cli.resuming import Earlier
from conformance.cli.signals import code_of
from conformance.cli.verdict import INCOMPLETE
from conformance.engine.manifest import manifest_of
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.workers import open_stations
from conformance.results import Results, ResultsWriter, read_results, summarise
from conformance.results.cell import Cell, End, key
from conformance.specs.library import Library


def record(
    request: Request,
    library: Library,
    file: Path | None,
    flags: Mapping[str, Any],
    earlier: Earlier | None = None,
) -> Results:
    """Run the request and give its results, those in the file where one is named.

    What `earlier` holds is kept, and only the rest is run. Raises click.UsageError where the file
    cannot be written, MergeError where `earlier` is another run. An interrupt ends the process with
    status 130, SIGTERM with 143, a full disk with 4; what was recorded until then stays readable,
    as an incomplete run.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        click.echo(f"starting {', '.join(each.label for each in request.targets)}", err=True)
        stations, absent = open_stations(request.targets, stack)
        manifest = manifest_of(request, library, stations, absent, flags)
        done = earlier.done if earlier else set()
        made = cells(request, library.losses, stations, absent, done)
        if isinstance(made, Generator):
            stack.callback(made.close)  # its threads end before the workers that they ask
        if file is None:
            found = tuple(bar(made, request.planned))
            return _ended(Results(Path(os.devnull), manifest, found, None), started)
        if earlier is not None:
            earlier.same_run(manifest)
            manifest = earlier.manifest
        kept = earlier.cells() if earlier else ()
        writer = _opened(ResultsWriter(file, manifest, kept), stack)
        if done:
            click.echo(f"{len(done)} of {request.planned} cells are kept", err=True)
        new = (cell for cell in made if key(cell) not in done)
        _write(bar(new, request.planned - len(done)), writer, request.planned, len(done))
        results = _ended(read_results(file), started)
        assert results.end is not None
        _close(writer, results.end)
    return results


def _opened(writer: ResultsWriter, stack: ExitStack) -> ResultsWriter:
    try:
        return stack.enter_context(writer)
    except OSError as error:
        raise unwritable(str(writer.path), error) from error


def _write(found: Iterable[Cell], writer: ResultsWriter, planned: int, count: int) -> None:
    try:
        for cell in found:
            try:
                writer.cell(cell)
            except OSError as error:
                _stopped(writer, f"cannot be written on, {error.strerror}", count, planned)
                raise click.exceptions.Exit(INCOMPLETE) from error
            count += 1
    except KeyboardInterrupt as error:
        _stopped(writer, "interrupted", count, planned)
        raise click.exceptions.Exit(code_of(error)) from None


def _stopped(writer: ResultsWriter, why: str, count: int, planned: int) -> None:
    path = writer.path
    kept = f"{count} of {planned} cells are in {path}"
    hint = f"`conformance report {path}` shows them, `conformance run --resume -o {path}` goes on"
    click.echo(f"{why}: {kept}; {hint}", err=True)


def _close(writer: ResultsWriter, end: End) -> None:
    try:
        writer.end(seconds=end.seconds, exit=end.exit, verdict=end.verdict)
    except OSError as error:
        _stopped(writer, f"cannot be written on, {error.strerror}", end.cells, end.cells)
        raise click.exceptions.Exit(INCOMPLETE) from error


def _ended(results: Results, started: float) -> Results:
    """With the end marker, which says what the run came to."""
    seconds = time.monotonic() - started
    whole = replace(results, end=End(len(results.cells), seconds, 0, ""))
    summary = summarise(whole)
    return replace(whole, end=End(len(results.cells), seconds, summary.exit, summary.sentence))
