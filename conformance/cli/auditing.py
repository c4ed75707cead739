"""Two environments, the same cases, at once: one engine asks both, a results file for each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from conformance.cli.progress import bar
from conformance.cli.recording import ended, opened
from conformance.cli.signals import code_of
from conformance.engine.manifest import manifest_of
from conformance.engine.request import Request
from conformance.engine.run import attributed
from conformance.engine.workers import Absent, Place, Station, open_places
from conformance.environments import Environment
from conformance.environments.cache import root
from conformance.results import Results, ResultsWriter, read_results
from conformance.results.cell import Cell
from conformance.specs.library import Library

SIDES = ("base", "head")
Asked = Station | Absent


@dataclass(frozen=True)
class Seat:
    """One side of an audit: who answers for it, and where the answers go."""

    stations: tuple[Station, ...]
    absent: tuple[Absent, ...]
    writer: ResultsWriter


def record(
    request: Request,
    library: Library,
    environments: Sequence[Environment],
    folder: Path,
    flags: Mapping[str, Any],
) -> list[Results]:
    """Run the request in both environments; the results of base and head, each in its file.

    One engine asks both, so that cases are drawn and built once and both have the same bits. Raises
    click.UsageError where the folder cannot be written. An interrupt ends the process with 130; the
    files then read as incomplete runs.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        asked = [(each, _place(place)) for place in environments for each in request.targets]
        found = open_places(asked, stack)
        count = len(request.targets)
        halves = [found[at : at + count] for at in range(0, len(found), count)]
        seats = [
            _seat(
                request, library, half, folder / f"{side}.jsonl.gz", {**flags, "side": side}, stack
            )
            for side, half in zip(SIDES, halves, strict=True)
        ]
        _run(request, library, seats, stack)
        return [_closed(seat, started) for seat in seats]


def _place(environment: Environment) -> Place:
    """JAX keeps what it compiles, and does not lock it: a folder for each interpreter."""
    own = sha256(environment.python.encode()).hexdigest()[:16]
    variables = {"JAX_COMPILATION_CACHE_DIR": str(root().parent / "jax" / own)}
    return Place(environment.python, environment.versions, variables)


def _seat(
    request: Request,
    library: Library,
    half: Sequence[Asked],
    path: Path,
    flags: Mapping[str, Any],
    stack: ExitStack,
) -> Seat:
    stations = tuple(each for each in half if isinstance(each, Station))
    absent = tuple(each for each in half if isinstance(each, Absent))
    manifest = manifest_of(request, library, stations, absent, flags)
    return Seat(stations, absent, opened(ResultsWriter(path, manifest), stack))


def _run(request: Request, library: Library, seats: Sequence[Seat], stack: ExitStack) -> None:
    stations = [each for seat in seats for each in seat.stations]
    absent = [each for seat in seats for each in seat.absent]
    writers = {
        id(each): seat.writer for seat in seats for each in (*seat.stations, *seat.absent)
    }  # by identity: both sides may have one name
    made = stack.enter_context(closing(attributed(request, library.losses, stations, absent)))
    planned = request.planned * len(seats)
    try:
        for _ in bar(_written(made, writers), planned):
            pass
    except KeyboardInterrupt as error:
        paths = " and ".join(str(seat.writer.path) for seat in seats)
        click.echo(f"interrupted: {paths} hold what was recorded until now", err=True)
        raise click.exceptions.Exit(code_of(error)) from None


def _written(
    made: Iterable[tuple[Asked, Cell]], writers: Mapping[int, ResultsWriter]
) -> Iterator[Cell]:
    for whose, cell in made:
        writers[id(whose)].cell(cell)
        yield cell


def _closed(seat: Seat, started: float) -> Results:
    results = ended(read_results(seat.writer.path), started)
    assert results.end is not None
    end = results.end
    seat.writer.end(seconds=end.seconds, exit=end.exit, verdict=end.verdict)
    return results
