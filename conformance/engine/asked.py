"""A check as its author wrote it: texts, flags and files, read into a candidate and its loss."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.engine.request import DTYPES, PROFILES, PROPERTIES
from conformance.specs.library import Library, load_library, load_loss, with_loss
from conformance.specs.models import Loss, Parameter
from conformance.targets.bindings import Scalar
from conformance.targets.candidate import Candidate, CandidateError
from conformance.targets.candidate_binding import MOST_AXES
from conformance.targets.guess import FRAMEWORKS, guess, unreadable
from conformance.targets.place import Place, read_place

CHECKED = tuple(name for name in PROPERTIES if name not in ("module", "alias"))
"""What one callable can be held to: the others compare two ways to call a framework."""

DEVICES = ("cpu", "cuda")
_FORM = {"value": ("shape",), "gradient": ("dtype", "shape")}


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
    arguments: Mapping[str, str] = field(default_factory=dict)
    batch_axes: str | None = None
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
            "argument": dict(self.arguments), "batch-axes": self.batch_axes,
            "convention": dict(self.conventions), "no-gradient": list(self.no_gradient),
            "algorithm": self.algorithm, "known": self.known,
            "device": self.device if self.device != "cpu" else None,
        }  # fmt: skip
        return {name: part for name, part in parts.items() if part}


def candidate_of(asked: Asked, loss: Loss) -> Candidate:
    """The candidate that is meant. Raises CandidateError, PlaceError."""
    place = read_place(asked.place, asked.folder, sys.path)
    return candidate_at(asked, loss, place, asked.framework or _guessed(place))


def candidate_at(asked: Asked, loss: Loss, place: Place, framework: str) -> Candidate:
    """The candidate at a place that has been read. Raises CandidateError."""
    return Candidate(
        place=place,
        loss=loss.id,
        framework=framework,
        device=asked.device,
        renames=dict(asked.rename),
        layout={name: _axis(name, text) for name, text in asked.layout.items()},
        parameters={name: _value(loss, name, text) for name, text in asked.params.items()},
        arguments={name: _argument(text) for name, text in asked.arguments.items()},
        batch_axes=_batch_axes(asked.batch_axes),
        conventions=dict(asked.conventions),
        constant=asked.no_gradient,
        algorithm=asked.algorithm,
        known=None if asked.known is None else str((asked.folder / asked.known).resolve()),
    )


def library_of(asked: Asked) -> tuple[Library, Loss]:
    """The suite's library, with the author's own spec where one is given."""
    library = load_library()
    if asked.spec is not None:
        place = asked.folder / asked.spec
        return with_loss(place), load_loss(place)
    if asked.loss not in library.losses:
        raise CandidateError(
            f"there is no loss {asked.loss!r}; there are {', '.join(library.losses)}, "
            "or give a spec of your own with --spec FILE.yaml"
        )
    return library, library.losses[asked.loss]


def checked_properties(asked: Sequence[str]) -> tuple[str, ...]:
    """The properties of a check in order, all where none is named.

    An answer of another form has no value to judge: its form is asked for along with it.
    """
    along = [form for name in asked for form in _FORM.get(name, ())]
    wanted = {*asked, *along} or set(CHECKED)
    return tuple(name for name in CHECKED if name in wanted)


def need_known(
    dtypes: Sequence[str], properties: Sequence[str], profile: str = "quick", device: str = "cpu"
) -> None:
    """Raise CandidateError for a word that names nothing."""
    words = (
        ("dtype", dtypes, DTYPES),
        ("property", properties, CHECKED),
        ("profile", (profile,), tuple(PROFILES)),
        ("device", (device,), DEVICES),
    )
    for what, given, known in words:
        for name in given:
            if name not in known:
                raise CandidateError(
                    f"there is no {what} {name!r} to check; there are {', '.join(known)}"
                )


def _guessed(place: Place) -> str:
    found = guess(place)
    if found is None:
        if reason := unreadable(place):
            raise CandidateError(f"{place.text}: {reason}")
        raise CandidateError(
            f"{place.text}: its source does not say which framework it is written for; "
            f"say it with --framework {'|'.join(FRAMEWORKS)}"
        )
    return found


def _axis(name: str, text: str) -> int:
    if name != "classes" or not text.lstrip("-").isdigit():
        raise CandidateError(f"--layout {name}={text}: cannot be read; write classes=1")
    return int(text)


def _batch_axes(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    words = [each.strip() for each in text.split(",")]
    if not all(word.isdigit() and int(word) <= MOST_AXES for word in words):
        raise CandidateError(f"--batch-axes {text}: cannot be read; write 1, or 1,2")
    return tuple(map(int, words))


def _argument(text: str) -> Scalar:
    """A number, true, false or none where the text is one, else the text itself."""
    words: dict[str, Scalar] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


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
