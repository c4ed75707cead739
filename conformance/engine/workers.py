"""The targets of a run: which can run, their workers, and what each is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from conformance.engine.block import Side
from conformance.specs.library import BINDINGS, Library
from conformance.targets.binding_file import load_bindings, read_bindings
from conformance.targets.bindings import Binding
from conformance.targets.call import Call
from conformance.targets.driver import Answering, Worker, WorkerError
from conformance.targets.outcome import Outcome
from conformance.targets.profiles import profile_of
from conformance.targets.target import Missing, Target, TargetError, public, resolve


@dataclass(frozen=True)
class Station:
    """A target that runs: its side for judging, its worker for calling."""

    target: Target
    side: Side
    worker: Answering
    beside: bool = False
    """Shown for comparison: asked for values and gradients, and no part of the verdict."""
    lock: Lock = field(default_factory=Lock)
    """Held while the worker is asked: shrinking may ask while the next batch waits."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """All that is installed beside the target, where it runs in an environment of its own."""
    signatures: Mapping[str, str] = field(default_factory=dict)
    """How the callables of its bindings declare their parameters, by path."""

    @property
    def installed(self) -> Mapping[str, str] | None:
        """Its versions by distribution; None where it has those of this interpreter."""
        return self.versions or None

    @property
    def facts(self) -> dict[str, Any]:
        return self.worker.facts


@dataclass(frozen=True)
class Absent:
    """A target that was asked for and cannot run, and why."""

    target: Target
    reason: str


def ask(station: Station, calls: Sequence[Call]) -> list[Outcome]:
    """Evaluate at once, waiting for whatever the worker has in hand."""
    with station.lock:
        return station.worker.evaluate(calls)


def serving(station: Station, library: Library) -> Station:
    """The station with the bindings that the spec folder adds, and why other losses have none.

    Raises SpecError for a file of bindings that cannot be read.
    """
    target, known = station.target, dict(station.side.bindings)
    added = library.folder / BINDINGS / f"{target.framework}.yaml"
    if added.is_file():
        known |= read_bindings(added, target.variants)
    for name in library.losses:
        if name not in known:
            reason = f"{target.framework} has no binding for {name}"
            known[name] = Binding(loss=name, framework=target.framework, absent=reason)
    return replace(station, side=replace(station.side, bindings=known))


@dataclass(frozen=True)
class Place:
    """Where a target runs: an interpreter, what is installed for it, and variables it is given."""

    interpreter: str
    versions: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)


def open_stations(
    targets: Iterable[Target], stack: ExitStack, *, beside: bool = False
) -> tuple[list[Station], list[Absent]]:
    """Start every target at once (importing a framework takes seconds); closed with the stack.

    With `beside` they are there for comparison.
    """
    opened = open_places([(target, None) for target in targets], stack)
    stations = [replace(each, beside=beside) for each in opened if isinstance(each, Station)]
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


def open_places(
    asked: Iterable[tuple[Target, Place | None]], stack: ExitStack
) -> list[Station | Absent]:
    """Start every target where it is to run (None: in this interpreter), in order."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda pair: _open(*pair), asked))
    for each in opened:
        if isinstance(each, Station):
            stack.callback(each.worker.close)
    return opened


def _open(asked: Target, place: Place | None) -> Station | Absent:
    target = resolve(asked, place.versions if place else None)
    if isinstance(target, Missing):
        return Absent(asked, target.reason)
    bindings = load_bindings(target)
    worker = _worker(target, place, bindings)
    try:
        profile = profile_of(target)
        worker.start()
    except (TargetError, WorkerError) as error:
        return Absent(target, str(error))
    version = public(target.version) if target.version else None
    side = Side(target.name, target.framework, version, bindings, profile)
    versions = place.versions if place else {}
    return Station(target, side, worker, versions=versions, signatures=worker.signatures)


def _worker(target: Target, place: Place | None, bindings: Mapping[str, Binding]) -> Worker:
    callables = list(dict.fromkeys(path for each in bindings.values() for path in _paths(each)))
    if place is None:
        return Worker(target, callables=callables)
    return Worker(
        target, interpreter=place.interpreter, environment=place.variables, callables=callables
    )


def _paths(binding: Binding) -> Iterator[str]:
    """Everything that a binding may call."""
    yield from (path for path in (binding.call, binding.module) if path)
    for other in binding.instead.values():
        yield from _paths(other)
