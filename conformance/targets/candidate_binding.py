"""The binding of a candidate: how a user's callable is called for a loss, by the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.specs.models import Loss
from conformance.targets.bindings import (
    Binding,
    ParameterBinding,
    ReductionBinding,
    Scalar,
    batch_key,
)
from conformance.targets.candidate import (
    NAMED,
    NONE,
    Candidate,
    CandidateError,
    check_arguments,
    check_names,
    check_required,
)
from conformance.targets.description import Description


def binding_for(candidate: Candidate, loss: Loss, found: Description) -> Binding:
    """How the callable is called for a loss, by the contract. Raises CandidateError."""
    check_names(candidate, loss)
    form = "module" if found.kind == "class" else "call"
    check_arguments(candidate, loss, found)
    inputs = _inputs(candidate, loss, found)
    check_required(candidate, loss, found, inputs)
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


def _inputs(candidate: Candidate, loss: Loss, found: Description) -> dict[str, str | int]:
    """Positions in the spec's order, target first for Keras; names where one was renamed."""
    order = list(loss.inputs)
    if found.keras and "target" in order:
        order = ["target", *(name for name in order if name != "target")]
    if not any(name in candidate.renames for name in order) and not _by_name_only(found, order):
        return {name: place for place, name in enumerate(order)}
    names = {name: candidate.renames.get(name, name) for name in order}
    there = {each.name for each in found.takes or () if each.kind in NAMED}
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
