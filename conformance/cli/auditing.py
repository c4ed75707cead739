"""Two environments, the same cases, at once: a process and a results file for each side."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import click

from conformance.cli.children import dismissed, sent
from conformance.cli.progress import counted
from conformance.cli.recording import record_in
from conformance.cli.signals import Terminated, code_of, heed_parent
from conformance.cli.storage import keep_hypothesis_out
from conformance.cli.verdict import INCOMPLETE
from conformance.engine.request import Request
from conformance.engine.workers import Place
from conformance.environments import Environment
from conformance.environments.cache import root
from conformance.results.cell import Cell
from conformance.specs.library import load_library

SIDES = ("base", "head")


@dataclass(frozen=True)
class Errand:
    """What the process of one side is sent to do."""

    request: Request
    environment: Environment
    file: Path
    flags: Mapping[str, Any]


def record_sides(
    request: Request,
    environments: Sequence[Environment],
    folder: Path,
    flags: Mapping[str, Any],
) -> list[Path]:
    """Run the request in both environments at once; the results files of base and head.

    Either side draws its cases from the same recipes, and records a hash of their bits. What ends a
    side early ends the command with the same status once the other one is done; an interrupt ends
    both with 130, SIGTERM with 143. Files then read as incomplete runs.
    """
    errands = [
        Errand(request, each, folder / f"{side}.jsonl.gz", {**flags, "side": side})
        for side, each in zip(SIDES, environments, strict=False)
    ]
    with ExitStack() as stack:
        lines, processes = zip(*[sent(run_side, each, stack) for each in errands], strict=True)
        stack.callback(dismissed, processes)
        try:
            passed = _passed(lines)
            for _ in counted(passed, request.planned * len(errands), lambda label: label):
                pass
            for process in processes:
                process.join()
        except KeyboardInterrupt as error:
            raise click.exceptions.Exit(code_of(error)) from None
    code = max(_code(process, each) for process, each in zip(processes, errands, strict=True))
    if code:
        raise click.exceptions.Exit(code)
    return [each.file for each in errands]


def _passed(lines: Sequence[Connection]) -> Iterator[str]:
    """What the sides say, as they say it, until all are silent."""
    left = list(lines)
    while left:
        for line in wait(left):
            assert isinstance(line, Connection)
            try:
                yield str(line.recv())
            except (EOFError, OSError):
                left.remove(line)


def _code(process: SpawnProcess, errand: Errand) -> int:
    """The exit code of a side; one that was killed counts as incomplete."""
    code = process.exitcode or 0
    if code >= 0:
        return code
    click.echo(
        f"{errand.flags['side']}: its process was ended by signal {-code}; "
        f"{errand.file} holds what was recorded until then, and `conformance diff` compares it",
        err=True,
    )
    return INCOMPLETE


def run_side(errand: Errand, line: Connection) -> None:
    """Record one side, in a process of its own; exits by the contract."""
    from conformance.cli.root import coded

    heed_parent()
    keep_hypothesis_out()

    def told(cell: Cell) -> None:
        try:
            line.send(f"{errand.flags['side']}: {cell.loss} {cell.dtype}")
        except BrokenPipeError:  # the command is gone, and nobody waits for this side
            raise Terminated from None

    def recorded() -> None:
        place = _place(errand.environment)
        record_in(place, errand.request, load_library(), errand.file, errand.flags, told)

    sys.exit(coded(recorded))


def _place(environment: Environment) -> Place:
    """JAX keeps what it compiles, and does not lock it: a folder for each interpreter."""
    own = sha256(environment.python.encode()).hexdigest()[:16]
    variables = {"JAX_COMPILATION_CACHE_DIR": str(root().parent / "jax" / own)}
    return Place(environment.python, environment.versions, variables)
