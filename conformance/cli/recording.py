"""A run and its record: cells go to the file as they come, and are read back from it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import Any

import click

from conformance.cli.crew import Crew, hands
from conformance.cli.output import unwritable
from conformance.cli.progress import bar, counted, line
from conformance.cli.resuming import Earlier
from conformance.cli.signals import code_of, interrupting, raise_lost
from conformance.cli.verdict import INCOMPLETE
from conformance.engine.asked import Asked
from conformance.engine.checking import check_cells, check_manifest, prepare
from conformance.engine.manifest import manifest_of
from conformance.engine.pairs import cells as all_pairs
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.workers import (
    Absent,
    Place,
    Station,
    open_places,
    open_stations,
    serving,
)
from conformance.results import Results, ResultsWriter, read_results
from conformance.results.cell import PAIRS, Cell, End, Key, key
from conformance.results.gist import EXIT, Gist
from conformance.results.manifest import Manifest
from conformance.results.summary import ended as with_end
from conformance.specs.library import Library

RESUME = ", `conformance run --resume -o {}` goes on"


def record(
    request: Request,
    library: Library,
    file: Path | None,
    flags: Mapping[str, Any],
    earlier: Earlier | None = None,
    jobs: int | None = None,
) -> Results:
    """Run the request and give its results, those in the file where one is named.

    As many processes as `jobs` says drive the targets, one a core by default. What `earlier` holds
    is kept, and only the rest is run. Raises click.UsageError where the file
    cannot be written, MergeError where `earlier` is another run. An interrupt ends the process with
    status 130, SIGTERM with 143, a full disk with 4; what was recorded until then stays readable,
    as an incomplete run.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        click.echo(f"starting {', '.join(each.label for each in request.targets)}", err=True)
        done = earlier.done if earlier else set()
        manifest, found = _begun(request, library, flags, done, jobs, stack)
        if earlier is None:
            return _recorded(bar(found, request.planned), manifest, file, started, stack, RESUME)
        assert file is not None  # `earlier` was read from it
        earlier.same_run(manifest)
        writer = opened(ResultsWriter(file, earlier.manifest, earlier.cells()), stack)
        if done:
            click.echo(f"{len(done)} of {request.planned} cells are kept", err=True)
        new = (cell for cell in found if key(cell) not in done)
        left = request.planned - len(done)
        return _written(bar(new, left), writer, request.planned, started, RESUME, len(done))


def _begun(
    request: Request,
    library: Library,
    flags: Mapping[str, Any],
    done: Set[Key],
    jobs: int | None,
    stack: ExitStack,
) -> tuple[Manifest, Iterator[Cell]]:
    """The manifest of a run whose targets were started, and its cells, less what is `done` then."""
    count = hands(request, jobs)
    if count > 1:
        crew = Crew(request, library, flags, count, stack)
        return crew.manifest, crew.cells(done)
    began, absent = open_stations(request.targets, stack)
    stations = [serving(station, library) for station in began]
    made = cells(request, library.losses, stations, absent, done, between=raise_lost)
    stack.callback(made.close)  # its threads end before the workers that they ask
    pairs = _pairs(request, library, stations, absent, done)
    return manifest_of(request, library, stations, absent, flags), chain(made, pairs)


def record_in(
    place: Place,
    request: Request,
    library: Library,
    file: Path,
    flags: Mapping[str, Any],
    told: Callable[[Cell], None],
) -> None:
    """Run the request in an environment of its own, in memory that does not grow with its cases.

    `told` hears of each cell that is recorded. Ends as `record` does.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        found = open_places([(each, place) for each in request.targets], stack)
        stations = [each for each in found if isinstance(each, Station)]
        absent = [each for each in found if isinstance(each, Absent)]
        manifest = manifest_of(request, library, stations, absent, flags)
        writer = opened(ResultsWriter(file, manifest), stack)
        asked = cells(request, library.losses, stations, absent, between=raise_lost)
        made = stack.enter_context(closing(asked))
        gist = Gist(manifest)

        def counted_and_told(cell: Cell) -> None:
            gist.add(cell)
            told(cell)

        _keep(made, writer, request.planned, "", told=counted_and_told)
        word, sentence = gist.verdict(ended=True)
        _closed(writer, End(gist.found, time.monotonic() - started, EXIT[word], sentence), "")


def record_check(asked: Asked, file: Path | None) -> Results:
    """Check one callable and give its results; says each dtype's verdicts as they come."""
    started = time.monotonic()
    with ExitStack() as stack:
        prepared = prepare(asked, stack, lambda line: click.echo(line, err=True))
        manifest = check_manifest(asked, prepared)
        found = check_cells(prepared, stack, line, raise_lost)
        return _recorded(found, manifest, file, started, stack)


def _pairs(
    request: Request,
    library: Library,
    stations: Sequence[Station],
    absent: Sequence[Absent],
    done: Container[Key],
) -> Iterator[Cell]:
    """Those of all pairs that are not recorded yet; it is looked up when their turn comes."""
    names = [each.target.name for each in stations] + [each.target.name for each in absent]
    wanted = [
        (loss, dtype)
        for loss, dtype in request.own_pairs
        if not all((loss, PAIRS, name, dtype) in done for name in names)
    ]
    yield from all_pairs(request, library.losses, wanted, stations, absent, counted)


def _recorded(
    found: Iterable[Cell],
    manifest: Manifest,
    file: Path | None,
    started: float,
    stack: ExitStack,
    resume: str = "",
) -> Results:
    if file is None:
        return ended(Results(Path(os.devnull), manifest, tuple(found), None), started)
    writer = opened(ResultsWriter(file, manifest), stack)
    return _written(found, writer, manifest.planned, started, resume)


def _written(
    found: Iterable[Cell],
    writer: ResultsWriter,
    planned: int,
    started: float,
    resume: str,
    count: int = 0,
) -> Results:
    """What the file holds in the end; `resume` says how to go on where the writing stops early."""
    _keep(found, writer, planned, resume, count)
    results = ended(read_results(writer.path), started)
    assert results.end is not None
    _closed(writer, results.end, resume)
    return results


def _keep(
    found: Iterable[Cell],
    writer: ResultsWriter,
    planned: int,
    resume: str,
    count: int = 0,
    told: Callable[[Cell], None] = lambda _: None,
) -> None:
    """Write cell after cell, `count` are there already; `told` hears of each that is in the file."""
    try:
        for cell in found:
            try:
                writer.cell(cell)
            except OSError as error:
                raise _full(writer, error, count, planned, resume) from error
            count += 1
            told(cell)
            raise_lost()
    except (KeyboardInterrupt, Exception) as error:
        if interrupting(error) is None:
            raise
        _stopped(writer, "interrupted", count, planned, resume)
        raise click.exceptions.Exit(code_of(error)) from None


def _closed(writer: ResultsWriter, end: End, resume: str) -> None:
    try:
        writer.end(seconds=end.seconds, exit=end.exit, verdict=end.verdict)
    except OSError as error:
        raise _full(writer, error, end.cells, end.cells, resume) from error


def _full(
    writer: ResultsWriter, error: OSError, count: int, planned: int, resume: str
) -> click.exceptions.Exit:
    _stopped(writer, f"cannot be written on, {error.strerror}", count, planned, resume)
    return click.exceptions.Exit(INCOMPLETE)


def _stopped(writer: ResultsWriter, why: str, count: int, planned: int, resume: str) -> None:
    path = writer.path
    kept = f"{count} of {planned} cells are in {path}"
    click.echo(
        f"{why}: {kept}; `conformance report {path}` shows them{resume.format(path)}", err=True
    )


def opened(writer: ResultsWriter, stack: ExitStack) -> ResultsWriter:
    """The writer in its context; raises click.UsageError where its file cannot be written."""
    try:
        return stack.enter_context(writer)
    except OSError as error:
        raise unwritable(str(writer.path), error) from error


def ended(results: Results, started: float) -> Results:
    """With the end marker, which says what the run that began then came to."""
    return with_end(results, time.monotonic() - started)
