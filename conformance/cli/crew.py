"""A run divided among processes: each drives a part of it, and this one keeps the record."""

from __future__ import annotations

import heapq
import os
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import click

from conformance.cli.children import PATIENCE, dismissed, sent
from conformance.cli.signals import heed_parent, interrupting, raise_lost
from conformance.cli.storage import keep_hypothesis_out
from conformance.cli.verdict import INCOMPLETE
from conformance.engine import shard
from conformance.engine.manifest import manifest_of
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.shard import Shard, cost
from conformance.engine.workers import open_stations, serving
from conformance.results.cell import Cell, Key
from conformance.results.manifest import Manifest
from conformance.results.merge import order_of
from conformance.specs.library import Library, load_library


@dataclass(frozen=True)
class Errand:
    """What one process is sent to do: its part of the request."""

    request: Request
    specs: Path
    flags: Mapping[str, Any]


@dataclass(frozen=True)
class Hand:
    """One process of the crew: what it says is read as it comes, so that it never waits."""

    errand: Errand
    line: Connection
    process: SpawnProcess
    said: SimpleQueue[Any]

    def hear(self) -> Any:
        """The next thing it says. Raises click.exceptions.Exit where it ended before its work."""
        found = self.said.get()
        if found is not _END:
            return found
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            labels = ", ".join(each.label for each in self.errand.request.targets)
            click.echo(f"{labels}: its process was ended by signal {-code}", err=True)
        raise click.exceptions.Exit(code if code > 0 else INCOMPLETE)


_END, _DONE = object(), "done"


class Crew:
    """The processes of a run, started; `manifest` is that of the whole run."""

    def __init__(
        self,
        request: Request,
        library: Library,
        flags: Mapping[str, Any],
        count: int,
        stack: ExitStack,
    ) -> None:
        parts = divided(request, library, count)
        self._hands = [_begun(Errand(part, library.folder, flags), stack) for part in parts]
        stack.callback(dismissed, [hand.process for hand in self._hands])
        said: list[Manifest] = [hand.hear() for hand in self._hands]
        whole = request.shard.text if request.shard else None
        made = {
            target: found
            for part, manifest in zip(parts, said, strict=True)
            for target, found in zip(part.targets, manifest.targets, strict=True)
        }
        targets = tuple(made[each] for each in request.targets)
        self.manifest = replace(said[0], planned=request.planned, shard=whole, targets=targets)

    def cells(self, done: Set[Key]) -> Iterator[Cell]:
        """Every cell in the order of the whole run; what is `done` by then is not run again."""
        for hand in self._hands:
            hand.line.send(frozenset(done))
        yield from heapq.merge(*map(_cells, self._hands), key=order_of(self.manifest).rank)
        for hand in self._hands:
            hand.process.join(PATIENCE)


MANY = 8
"""Processes that a run takes unasked, at most: each holds a framework, half a gigabyte and more."""


def hands(request: Request, asked: int | None) -> int:
    """How many processes drive a run: one a core, unless a number is asked for.

    All pairs of inputs are tried by one: they are kept in one file beside the results.
    """
    most = asked or min(os.cpu_count() or 1, MANY)
    targets = len(request.targets)
    if request.pairs or targets == 0:
        return 1
    return most if most < targets else targets * max(1, min(most // targets, len(request.batches)))


def divided(request: Request, library: Library, count: int) -> list[Request]:
    """The parts of a run for as many processes as `hands` says: some targets each.

    Where there are more processes than targets each has a part of one target's batches.
    """
    each = count // len(request.targets)
    if each < 2:
        return [replace(request, targets=request.targets[place::count]) for place in range(count)]
    costs = {batch: cost(library.losses[batch[0]]) for batch in request.batches}
    shards = [Shard(at, each, part) for at, part in enumerate(shard.divided(costs, each), start=1)]
    return [
        replace(request, targets=(target,), shard=part)
        for target in request.targets
        for part in shards
    ]


def _begun(errand: Errand, stack: ExitStack) -> Hand:
    line, process = sent(drive, errand, stack, duplex=True)
    hand = Hand(errand, line, process, SimpleQueue())
    Thread(target=_listen, args=(hand,), daemon=True).start()
    return hand


def _listen(hand: Hand) -> None:
    while True:
        try:
            hand.said.put(hand.line.recv())
        except (EOFError, OSError):
            hand.said.put(_END)
            return


def _cells(hand: Hand) -> Iterator[Cell]:
    while isinstance(found := hand.hear(), Cell):
        yield found


def drive(errand: Errand, line: Connection) -> None:
    """Say the manifest, hear what is done already, say each cell; exits by the contract."""
    from conformance.cli.root import coded

    heed_parent()
    keep_hypothesis_out()
    sys.exit(coded(lambda: _quietly(errand, line)))


def _quietly(errand: Errand, line: Connection) -> None:
    try:
        driven(errand, line)
    except BrokenPipeError:
        pass  # nobody listens any more
    except (KeyboardInterrupt, Exception) as error:
        if interrupting(error) is None:
            raise


def driven(errand: Errand, line: Connection) -> None:
    request, library = errand.request, load_library(errand.specs)
    with ExitStack() as stack:
        began, absent = open_stations(request.targets, stack)
        stations = [serving(station, library) for station in began]
        line.send(manifest_of(request, library, stations, absent, errand.flags))
        done: frozenset[Key] = line.recv()
        made = cells(request, library.losses, stations, absent, done, between=raise_lost)
        stack.callback(made.close)  # its threads end before the workers that they ask
        for cell in made:
            line.send(cell)
        line.send(_DONE)
