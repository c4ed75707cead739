"""A candidate: a user's callable, what it is to be held to, and its binding for that loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.specs.models import Loss
from conformance.targets.bindings import (
    Binding,
    ParameterBinding,
    ReductionBinding,
    Scalar,
    batch_key,
)
from conformance.targets.description import Description
from conformance.targets.place import Place

_POSITIONAL = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
NONE = "-"
"""In place of an argument's name: the callable has none that means the same."""
_NAMED = ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")


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


def binding_for(candidate: Candidate, loss: Loss, found: Description) -> Binding:
    """How the callable is called for a loss, by the contract. Raises CandidateError."""
    _check_names(candidate, loss)
    form = "module" if found.kind == "class" else "call"
    _check_arguments(candidate, loss, found)
    inputs = _inputs(candidate, loss, found)
    _check_required(candidate, loss, found, inputs)
    taken = _taken(candidate, loss, found)
    reduces = found.accepts(candidate.renames.get("reduction", "reduction"))
    return Binding.model_validate(
        {
            "loss": loss.id,
            "framework": candidate.framework,
            form: _path(candidate.place.path, found),
            "inputs": inputs,
            "layout": dict(candidate.layout),
            "constants": _constants(candidate, loss, found, taken),
            "parameters": {name: ParameterBinding(name=their) for name, their in taken.items()},
            "held": dict(candidate.parameters),
            "implied": tuple(name for name in candidate.parameters if name not in taken),
            "reductions": {
                name: ReductionBinding(argument=name) if reduces else ReductionBinding()
                for name in loss.reductions
            },
            "reduced_by": ("function", "module"),
            "reduction_name": candidate.renames.get("reduction", "reduction"),
            "ordered": _ordered(found),
            "conventions": dict(candidate.conventions),
            "unsupported": {
                **_unaccepted(candidate, loss, found, taken),
                **_refused_batches(candidate),
            },
            "unchecked": _unchecked(candidate, loss),
            "not_differentiated": _constant(candidate, loss, found),
        }
    )


def _path(path: str, found: Description) -> str:
    """Of an autograd function that was named by its class `apply` is called."""
    return f"{path}.apply" if found.kind == "applied" else path


def _ordered(found: Description) -> dict[str, Scalar]:
    """Of an `apply` all arguments: it takes none by its name."""
    if found.kind not in ("apply", "applied"):
        return {}
    return {each.name: each.default for each in found.takes or ()}


def _check_names(candidate: Candidate, loss: Loss) -> None:
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


def _check_arguments(candidate: Candidate, loss: Loss, found: Description) -> None:
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


def _inputs(candidate: Candidate, loss: Loss, found: Description) -> dict[str, str | int]:
    """Positions in the spec's order, target first for Keras; names where one was renamed."""
    order = list(loss.inputs)
    if found.keras and "target" in order:
        order = ["target", *(name for name in order if name != "target")]
    if not any(name in candidate.renames for name in order) and not _by_name_only(found, order):
        return {name: place for place, name in enumerate(order)}
    names = {name: candidate.renames.get(name, name) for name in order}
    there = {each.name for each in found.takes or () if each.kind in _NAMED}
    for name, their in names.items():
        if found.takes is not None and their not in there:
            raise CandidateError(
                f"{candidate.place.text}: has no argument {their!r} for {name}; it takes "
                f"{', '.join(sorted(there))}; write --rename {name}=THEIRS"
            )
    return dict(names)


def _by_name_only(found: Description, order: Sequence[str]) -> bool:
    """Whether every input is an argument that cannot be given by position."""
    named = {each.name for each in found.takes or () if each.kind == "KEYWORD_ONLY"}
    return named >= set(order)


def _taken(candidate: Candidate, loss: Loss, found: Description) -> dict[str, str]:
    """Spec parameter to the callable's argument, for those that its signature accepts."""
    taken = {}
    for name in loss.parameters:
        their = candidate.renames.get(name, name)
        if their == NONE:
            continue
        if found.accepts(their):
            taken[name] = their
        elif name in candidate.renames:
            raise CandidateError(
                f"{candidate.place.text}: has no argument {their!r} for {name}; it takes "
                f"{', '.join(each.name for each in found.optional) or 'none'}"
            )
    return taken


def _constants(
    candidate: Candidate, loss: Loss, found: Description, taken: Mapping[str, str]
) -> dict[str, Scalar]:
    """Parameters whose default in the callable is not the spec's: always said."""
    constants: dict[str, Scalar] = dict(candidate.arguments)
    for name, their in taken.items():
        argument, default = found.argument(their), loss.parameters[name].default
        if argument is not None and (argument.required or argument.default != default):
            constants[their] = default
    return constants


def _unaccepted(
    candidate: Candidate, loss: Loss, found: Description, taken: Mapping[str, str]
) -> Mapping[str, str]:
    where = "its constructor" if found.kind == "class" else candidate.place.name

    def reason(name: str) -> str:
        their = candidate.renames.get(name, name)
        if their == NONE:
            return f"its author says that it takes no {name} as the spec means it"
        return f"{where} takes no argument {their}"

    return {
        name: reason(name)
        for name in loss.parameters
        if name not in taken and name not in candidate.parameters
    }


MOST_AXES = 8
"""More axes than any batch that is drawn has."""


def _refused_batches(candidate: Candidate) -> dict[str, str]:
    """Batches that the author does not offer."""
    offered = " or ".join(map(str, candidate.batch_axes))
    reason = f"its author says that it takes batches of {offered} axes"
    axes = set(range(MOST_AXES + 1)) - set(candidate.batch_axes or range(MOST_AXES + 1))
    return {batch_key(each): reason for each in sorted(axes)}


def _unchecked(candidate: Candidate, loss: Loss) -> dict[str, str]:
    """Compiled code cannot raise for a value, only for what is known of it before: its form."""
    if candidate.framework != "jax":
        return {}
    reason = "code that JAX compiles cannot raise because of a value"
    forms = ("shape", "dtype", "reduction")
    return {each.id: reason for each in loss.rejects if each.kind not in forms}


def _constant(candidate: Candidate, loss: Loss, found: Description) -> dict[str, str]:
    if candidate.framework == "numpy" and not found.companion:
        name = candidate.place.name
        reason = f"NumPy has no autograd, and no {name}_gradient stands beside {name}"
        return dict.fromkeys(loss.inputs, reason)
    return dict.fromkeys(candidate.constant, "its author says that it has no gradient")


def _check_required(
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
