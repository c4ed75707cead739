"""What a target declares of a loss, made into something a value can be held to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import reference
from conformance.engine.standard import Practice, Program, Reference
from conformance.specs.models import Loss
from conformance.targets.bindings import Binding
from conformance.targets.profiles import Profile, Rounding
from reference.algorithms import GRADIENTS, ONLY_UNDER, VALUES

ENVELOPE = "envelope"
NONE: Mapping[str, Program] = MappingProxyType({})


def reference_of(loss: str) -> Reference:
    program = reference.PROGRAMS[loss]
    return Reference(program.value, program.gradient)


def declared(binding: Binding, loss: Loss) -> dict[str, str]:
    """The choice that the binding makes for each convention of the loss, the norm's where silent."""
    made = {name: text for name, text in binding.conventions.items() if name in loss.conventions}
    return loss.choices(made)


def practice_of(
    binding: Binding,
    loss: Loss,
    dtype: str,
    profile: Profile,
    programs: Mapping[str, Program] = NONE,
) -> Practice:
    """The algorithm of the binding, or the envelope of all that are known.

    `programs` are an author's own, which go before the registered ones.
    """
    algorithm, choices = binding.algorithm, declared(binding, loss)
    rounding: Rounding = algorithm.rounding_in(dtype) if algorithm else "each_op"
    values, gradients = VALUES[loss.id], GRADIENTS[loss.id]
    if algorithm is None:
        values, gradients = _usual(values, choices), _usual(gradients, choices)
    return Practice(
        choices=choices,
        values=_programs(values, algorithm.value if algorithm else ENVELOPE, programs),
        gradients=_programs(gradients, algorithm.gradient if algorithm else ENVELOPE, programs),
        arithmetic=profile.arithmetic(dtype, rounding),
    )


def _usual(known: Mapping[str, Program], choices: Mapping[str, str]) -> Mapping[str, Program]:
    """The programs that are known under these choices."""

    def fits(name: str) -> bool:
        convention, choice = ONLY_UNDER.get(name, ("", ""))
        return choices.get(convention, "").partition("(")[0] == choice

    return {name: program for name, program in known.items() if fits(name)}


def _programs(
    known: Mapping[str, Program], name: str, own: Mapping[str, Program]
) -> tuple[Program, ...]:
    if name in own:
        return (own[name],)
    if name == ENVELOPE:
        return tuple(known.values())
    if name not in known:
        raise KeyError(f"algorithm {name!r} is not registered; there are {', '.join(known)}")
    return (known[name],)


def algorithm_name(binding: Binding) -> str:
    """How the report names what decided the bound."""
    algorithm = binding.algorithm
    return f"{algorithm.value}, {algorithm.rounding}" if algorithm else ENVELOPE
