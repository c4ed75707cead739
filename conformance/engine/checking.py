"""A check made ready: the callable, the framework beside it, the request, and its cells."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from conformance.engine.asked import (
    Asked,
    candidate_at,
    candidate_of,
    checked_properties,
    library_of,
    need_known,
)
from conformance.engine.candidate import Limits, Ready, beside, open_candidate, open_live
from conformance.engine.conclusion import Told
from conformance.engine.manifest import manifest_of
from conformance.engine.request import DTYPES, Request
from conformance.engine.run import cells
from conformance.engine.workers import Absent, Station, open_stations
from conformance.results.cell import Cell, Finding
from conformance.results.corpus import own_corpus
from conformance.results.manifest import Manifest
from conformance.results.manifest import Target as TargetRecord
from conformance.specs.library import Library
from conformance.specs.models import Loss
from conformance.targets.algorithm import stated_algorithm
from conformance.targets.candidate import Candidate
from conformance.targets.guess import framework_of
from conformance.targets.inprocess import MODULE, InProcess, live_path
from conformance.targets.place import Place


@dataclass(frozen=True)
class Prepared:
    """What a check came to before any case: the request, and who answers it."""

    request: Request
    library: Library
    stations: tuple[Station, ...]
    absent: tuple[Absent, ...]
    ready: Ready | None
    call: Mapping[str, Any]

    def replay(self, finding: Finding) -> Finding:
        """The finding with a line that runs its case again on this callable."""
        if self.live:
            snippet = finding.snippet.replace(f"from {MODULE} import ", "# checked here: ")
            return replace(finding, replay="", snippet=snippet, test="")
        return replace(finding, replay=replay_line(finding.case, self.call))

    @property
    def live(self) -> bool:
        """Whether the callable ran in this process: no other one could run its cases again."""
        return self.ready is not None and isinstance(self.ready.station.worker, InProcess)


def replay_line(case: str, call: Mapping[str, Any]) -> str:
    """A command that needs no file; the callable's place and how it is called stand in it."""
    words = ["conformance", "replay", case]
    for option, value in call.items():
        name = "--check" if option == "place" else f"--{option}"
        given = value if isinstance(value, list | tuple) else [value]
        if isinstance(value, Mapping):
            given = [f"{key}={item}" for key, item in value.items()]
        for each in given:
            words += [name, str(each)]
    return shlex.join(words)


def prepare(
    asked: Asked, stack: ExitStack, told: Callable[[str], None] = lambda _: None
) -> Prepared:
    """Start everybody, find out what the callable takes, and make the request.

    Raises CandidateError and PlaceError where the callable or the flags are not as they must be.
    """
    library, loss = library_of(asked)
    need_known(asked.dtypes, asked.properties, asked.profile, asked.device)
    candidate = candidate_of(asked, loss)
    stated = None
    if asked.algorithm is not None:
        stated = stated_algorithm(asked.algorithm, loss, candidate.framework, asked.folder)
    told(f"starting {candidate.place.text} with {candidate.framework}, as {loss.id}")
    with ThreadPoolExecutor(1) as pool:  # the stock framework starts meanwhile
        other = pool.submit(_beside, asked, candidate, stack)
        ready = open_candidate(
            candidate,
            library.losses,
            stated,
            asked.dtypes or DTYPES,
            bool(asked.dtypes),
            Limits(asked.timeout, asked.memory),
            stack,
        )
    return prepared(asked, library, loss, ready, other.result())


def _beside(asked: Asked, candidate: Candidate, stack: ExitStack) -> list[Station]:
    other = None if asked.alone else beside(candidate)
    return open_stations((other,) if other else (), stack, beside=True)[0]


def prepare_live(asked: Asked, live: Any, stack: ExitStack) -> Prepared:
    """The same for an object of this process, called here. Raises CandidateError."""
    library, loss = library_of(asked)
    need_known(asked.dtypes, asked.properties, asked.profile, asked.device)
    framework = asked.framework or framework_of(live)
    path = live_path(live, asked.place)
    place = Place(asked.place, path, path.rpartition(":")[2], None, ())
    candidate = candidate_at(asked, loss, place, framework)
    stated = None
    if asked.algorithm is not None:
        stated = stated_algorithm(asked.algorithm, loss, framework, asked.folder)
    dtypes = asked.dtypes or DTYPES
    ready = open_live(candidate, library.losses, stated, dtypes, bool(asked.dtypes))
    return prepared(asked, library, loss, ready, _beside(asked, candidate, stack))


def prepared(
    asked: Asked,
    library: Library,
    loss: Loss,
    ready: Ready | Absent,
    stations: Sequence[Station],
) -> Prepared:
    """The request of a callable that is ready, and the stock framework beside it."""
    properties = checked_properties(asked.properties)
    call = {
        **asked.repeated(),
        "framework": (
            ready.target if isinstance(ready, Absent) else ready.station.target
        ).framework,
    }
    if isinstance(ready, Absent):
        dtypes = asked.dtypes or DTYPES
        request = Request(
            (loss.id,), (ready.target,), dtypes, properties, asked.profile, asked.seed
        )
        return Prepared(request, library, (), (ready,), None, call)
    request = Request(
        losses=(loss.id,),
        targets=(ready.station.target,),
        dtypes=ready.dtypes,
        properties=properties,
        profile=asked.profile,
        seed=asked.seed,
        beside=tuple(each.target for each in stations),
        narrow=ready.binding,
        corpus={} if asked.spec else own_corpus(),
        hunts=asked.profile == "deep",
    )
    return Prepared(request, library, (ready.station, *stations), (), ready, call)


def check_cells(
    prepared: Prepared,
    stack: ExitStack,
    told: Told = lambda _: None,
    between: Callable[[], None] = lambda: None,
) -> Iterator[Cell]:
    """The cells of a check as they come; what makes them ends with the stack.

    `told` hears of those of a dtype as soon as they are judged, findings apart; `between` is called
    after every portion.
    """
    made = cells(
        prepared.request, prepared.library.losses, prepared.stations, prepared.absent,
        told=told, between=between,
    )  # fmt: skip
    if isinstance(made, Generator):
        stack.callback(made.close)  # its threads end before the workers that they ask
    replay = prepared.replay
    for cell in made:
        yield replace(cell, findings=tuple(replay(each) for each in cell.findings))


def check_manifest(asked: Asked, prepared: Prepared) -> Manifest:
    """The first record of a check, with what is known of the callable."""
    ready = prepared.ready

    def known(target: TargetRecord) -> TargetRecord:
        if target.role != "candidate" and target.status == "ran":
            return target
        return replace(
            target,
            role="candidate",
            call=prepared.call,
            notes=ready.notes if ready else (),
            unsupported=dict(ready.binding.unsupported) if ready else {},
        )

    return manifest_of(
        prepared.request,
        prepared.library,
        prepared.stations,
        prepared.absent,
        asked.repeated(),
        known,
    )
