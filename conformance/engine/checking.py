"""From what an author asks of a check to a request that can run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.engine.candidate import Limits, Ready, beside, open_candidate
from conformance.engine.manifest import manifest_of
from conformance.engine.request import DTYPES, PROPERTIES, Request
from conformance.engine.run import cells
from conformance.engine.workers import Absent, Station, open_stations
from conformance.results.cell import Cell, Finding
from conformance.results.manifest import Manifest
from conformance.results.manifest import Target as TargetRecord
from conformance.specs.library import Library, load_library, load_loss
from conformance.specs.models import Loss, Parameter
from conformance.targets.algorithm import stated_algorithm
from conformance.targets.candidate import Candidate, CandidateError
from conformance.targets.guess import FRAMEWORKS, guess
from conformance.targets.place import Place, read_place

CHECKED = tuple(name for name in PROPERTIES if name not in ("module", "alias"))
"""What one callable can be held to: the others compare two ways to call a framework."""


@dataclass(frozen=True)
class Asked:
    """A check as its author wrote it, texts unread; `folder` is where relative paths start."""

    place: str
    loss: str = ""
    spec: str | None = None
    framework: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    layout: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    conventions: Mapping[str, str] = field(default_factory=dict)
    no_gradient: tuple[str, ...] = ()
    algorithm: str | None = None
    known: str | None = None
    dtypes: tuple[str, ...] = ()
    device: str = "cpu"
    properties: tuple[str, ...] = ()
    profile: str = "quick"
    seed: int = 0
    timeout: float | None = None
    memory: int | None = 6 << 30
    alone: bool = False
    folder: Path = field(default_factory=Path.cwd)

    def repeated(self) -> dict[str, Any]:
        """The parts that decide what is called and how: enough to call it again."""
        parts = {
            "place": self.place, "spec": self.spec, "framework": self.framework,
            "rename": dict(self.rename), "layout": dict(self.layout), "params": dict(self.params),
            "convention": dict(self.conventions), "no-gradient": list(self.no_gradient),
            "algorithm": self.algorithm, "known": self.known,
            "device": self.device if self.device != "cpu" else None,
        }  # fmt: skip
        return {name: part for name, part in parts.items() if part}


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
        return replace(finding, replay=replay_line(finding.case, self.call))


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


def candidate_of(asked: Asked, library: Library, loss: Loss) -> Candidate:
    """The candidate that is meant. Raises CandidateError, PlaceError."""
    place = read_place(asked.place, asked.folder, sys.path)
    return Candidate(
        place=place,
        loss=loss.id,
        framework=asked.framework or _guessed(place),
        device=asked.device,
        renames=dict(asked.rename),
        layout={name: _axis(name, text) for name, text in asked.layout.items()},
        parameters={name: _value(loss, name, text) for name, text in asked.params.items()},
        conventions=dict(asked.conventions),
        constant=asked.no_gradient,
        algorithm=asked.algorithm,
        known=None if asked.known is None else str((asked.folder / asked.known).resolve()),
    )


def library_of(asked: Asked) -> tuple[Library, Loss]:
    """The suite's library, with the author's own spec where one is given."""
    library = load_library()
    if asked.spec is not None:
        loss = load_loss(asked.folder / asked.spec)
        losses = {**library.losses, loss.id: loss}
        return Library(library.folder, losses, library.conventions, library.bibliography), loss
    if asked.loss not in library.losses:
        raise CandidateError(
            f"there is no loss {asked.loss!r}; there are {', '.join(library.losses)}, "
            "or give a spec of your own with --spec FILE.yaml"
        )
    return library, library.losses[asked.loss]


def prepare(
    asked: Asked, stack: ExitStack, told: Callable[[str], None] = lambda _: None
) -> Prepared:
    """Start everybody, find out what the callable takes, and make the request.

    Raises CandidateError and PlaceError where the callable or the flags are not as they must be.
    """
    library, loss = library_of(asked)
    _known_properties(asked.properties)
    candidate = candidate_of(asked, library, loss)
    stated = None
    if asked.algorithm is not None:
        stated = stated_algorithm(asked.algorithm, loss, candidate.framework, asked.folder)
    told(f"starting {candidate.place.text} with {candidate.framework}, as {loss.id}")
    ready = open_candidate(
        candidate,
        library.losses,
        stated,
        asked.dtypes or DTYPES,
        bool(asked.dtypes),
        Limits(asked.timeout, asked.memory),
        stack,
    )
    return prepared(asked, library, loss, ready, stack)


def prepared(
    asked: Asked, library: Library, loss: Loss, ready: Ready | Absent, stack: ExitStack
) -> Prepared:
    """The request of a callable that is ready, and the stock framework beside it."""
    properties = tuple(name for name in CHECKED if name in (asked.properties or CHECKED))
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
    other = None if asked.alone else beside(ready)
    stations, _ = open_stations((other,) if other else (), stack, beside=True)
    request = Request(
        losses=(loss.id,),
        targets=(ready.station.target,),
        dtypes=ready.dtypes,
        properties=properties,
        profile=asked.profile,
        seed=asked.seed,
        beside=tuple(each.target for each in stations),
        narrow=ready.binding,
    )
    return Prepared(request, library, (ready.station, *stations), (), ready, call)


def _known_properties(names: Sequence[str]) -> None:
    for name in names:
        if name not in CHECKED:
            raise CandidateError(
                f"there is no property {name!r} to check; there are {', '.join(CHECKED)}"
            )


def _guessed(place: Place) -> str:
    found = guess(place)
    if found is None:
        raise CandidateError(
            f"{place.text}: its source does not say which framework it is written for; "
            f"say it with --framework {'|'.join(FRAMEWORKS)}"
        )
    return found


def _axis(name: str, text: str) -> int:
    if name != "classes" or not text.lstrip("-").isdigit():
        raise CandidateError(f"--layout {name}={text}: cannot be read; write classes=1")
    return int(text)


def _value(loss: Loss, name: str, text: str) -> bool | int | float:
    """A parameter's value; only single numbers can be held."""
    parameter = loss.parameters.get(name)
    if parameter is None:
        known = ", ".join(loss.parameters) or "none"
        raise CandidateError(f"--params {name}: {loss.id} has no such parameter; it has {known}")
    if parameter.shape is not None:
        raise CandidateError(f"--params {name}: is an array in {loss.id}; only numbers can be held")
    value = _number(name, text, parameter)
    if not isinstance(value, bool) and not parameter.domain().contains(float(value)):
        raise CandidateError(
            f"--params {name}={text}: is outside {parameter.interval}, where {loss.id} has it"
        )
    return value


def _number(name: str, text: str, parameter: Parameter) -> bool | int | float:
    words = {"true": True, "false": False}
    try:
        if parameter.kind == "boolean":
            return words[text.lower()]
        return int(text) if parameter.kind == "integer" else float(text)
    except (KeyError, ValueError):
        raise CandidateError(
            f"--params {name}={text}: is no {parameter.kind} number; write one"
        ) from None


def check_cells(prepared: Prepared, stack: ExitStack) -> Iterator[Cell]:
    """The cells of a check as they come; what makes them ends with the stack."""
    made = cells(prepared.request, prepared.library.losses, prepared.stations, prepared.absent)
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
