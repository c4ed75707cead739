"""The targets of a run: which can run, their workers, and what each is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from conformance.engine.block import Side
from conformance.targets.bindings import load_bindings
from conformance.targets.driver import Worker, WorkerError
from conformance.targets.profiles import profile_of
from conformance.targets.target import Missing, Target, public, resolve


@dataclass(frozen=True)
class Station:
    """A target that runs: its side for judging, its worker for calling."""

    target: Target
    side: Side
    worker: Worker
    lock: Lock = field(default_factory=Lock)
    """Held while the worker is asked: shrinking may ask while the next batch waits."""

    @property
    def facts(self) -> dict[str, Any]:
        return self.worker.facts


@dataclass(frozen=True)
class Absent:
    """A target that was asked for and cannot run, and why."""

    target: Target
    reason: str


def open_stations(
    targets: Iterable[Target], stack: ExitStack
) -> tuple[list[Station], list[Absent]]:
    """Start every target at once (importing a framework takes seconds); closed with the stack."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(_open, targets))
    stations = [each for each in opened if isinstance(each, Station)]
    for station in stations:
        stack.callback(station.worker.close)
    return stations, [each for each in opened if isinstance(each, Absent)]


def in_order(
    asked: Sequence[Target], stations: Iterable[Station], absent: Iterable[Absent]
) -> list[Station | Absent]:
    """All targets as they were asked for, whether they run or not."""
    places = {replace(target, version=None): at for at, target in reversed([*enumerate(asked)])}

    def place(each: Station | Absent) -> int:
        if each.target in asked:
            return asked.index(each.target)
        return places.get(replace(each.target, version=None), len(asked))

    return sorted([*stations, *absent], key=place)


def _open(asked: Target) -> Station | Absent:
    target = resolve(asked)
    if isinstance(target, Missing):
        return Absent(asked, target.reason)
    worker = Worker(target)
    try:
        worker.start()
    except WorkerError as error:
        return Absent(target, str(error))
    version = public(target.version) if target.version else None
    side = Side(target.name, target.framework, version, load_bindings(target), profile_of(target))
    return Station(target, side, worker)
