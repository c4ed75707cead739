"""A candidate: a user's callable, what its author says of it, and whether the two agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.specs.models import Loss
from conformance.targets.bindings import Scalar
from conformance.targets.description import Description
from conformance.targets.place import Place

_POSITIONAL = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
NONE = "-"
"""In place of an argument's name: the callable has none that means the same."""
NAMED = ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")


class CandidateError(ValueError):
    """A callable cannot be called as the contract says; the message says what would be right."""


@dataclass(frozen=True)
class Candidate:
    """A callable and what its author says of it; see the contract of `check`.

    `parameters` are held at these values; `arguments` are the callable's own, which the spec does not
    have; `batch_axes` are the numbers of axes of a batch that it takes, all without any; `constant`
    names inputs without a gradient; `algorithm` is a registered one or `file.py:program`; `known` a
    file of known deviations.
    """

    place: Place
    loss: str
    framework: str
    device: str = "cpu"
    renames: Mapping[str, str] = field(default_factory=dict)
    layout: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, bool | int | float] = field(default_factory=dict)
    arguments: Mapping[str, Scalar] = field(default_factory=dict)
    batch_axes: tuple[int, ...] = ()
    conventions: Mapping[str, str] = field(default_factory=dict)
    constant: tuple[str, ...] = ()
    algorithm: str | None = None
    known: str | None = None


def check_names(candidate: Candidate, loss: Loss) -> None:
    """What the author named must be there to be named."""
    asked = {
        "rename": (candidate.renames, {*loss.inputs, *loss.parameters, "reduction"}),
        "params": (candidate.parameters, set(loss.parameters)),
        "no-gradient": (candidate.constant, set(loss.inputs)),
    }
    for option, (names, known) in asked.items():
        for name in names:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise CandidateError(
                    f"--{option} {name}: {loss.id} has no such name; it has {there}"
                )
    try:
        loss.choices(candidate.conventions)
    except ValueError as error:
        raise CandidateError(f"--convention: {error}") from error


def check_arguments(candidate: Candidate, loss: Loss, found: Description) -> None:
    """Arguments of its own must be there, and be none of the spec's."""
    ours = {candidate.renames.get(name, name) for name in (*loss.parameters, "reduction")}
    for name in candidate.arguments:
        if name in ours:
            raise CandidateError(
                f"--argument {name}: is a parameter of {loss.id}; hold it with --params"
            )
        if not found.accepts(name):
            raise CandidateError(
                f"{candidate.place.text}: has no argument {name!r}; it takes "
                f"{', '.join(each.name for each in found.optional) or 'none'}"
            )


def check_required(
    candidate: Candidate, loss: Loss, found: Description, inputs: Mapping[str, str | int]
) -> None:
    """Room for every input, and nothing required that the spec does not have."""
    if found.takes is None:
        return
    places = [each for each in found.takes if each.kind in _POSITIONAL]
    positional = sum(isinstance(place, int) for place in inputs.values())
    spread = any(each.kind == "VAR_POSITIONAL" for each in found.takes)
    if positional > len(places) and not spread:
        raise CandidateError(
            f"{candidate.place.text}: takes {len(places)} arguments by position; {loss.id} has the "
            f"inputs {', '.join(loss.inputs)}"
        )
    given = {each.name for each in places[:positional]} | {str(each) for each in inputs.values()}
    known = {candidate.renames.get(name, name) for name in (*loss.parameters, "reduction")}
    known |= set(candidate.arguments)
    asked = [*found.takes, *(found.constructs or ())]
    for each in asked:
        named = each.kind in (*_POSITIONAL, "KEYWORD_ONLY")
        if each.required and named and each.name not in given | known:
            if each.name in loss.inputs:
                raise CandidateError(
                    f"{candidate.place.text}: its first argument is {places[0].name!r}, where "
                    f"{loss.id} has {next(iter(loss.inputs))}; name a method by an object that has "
                    "it, or pass the inputs by name with --rename NAME=NAME"
                )
            raise CandidateError(
                f"{candidate.place.text}: needs the argument {each.name!r}, which {loss.id} "
                f"does not have; give it a value with --argument {each.name}=VALUE, or say which one "
                f"it is with --rename SPEC_NAME={each.name}"
            )
