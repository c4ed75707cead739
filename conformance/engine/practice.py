"""What a target declares of a loss, made into something a value can be held to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import reference
from conformance.engine.derived import ORDERS, gradient_program, value_program
from conformance.engine.standard import Practice, Program, Reference
from conformance.engine.truth import Truth
from conformance.numerics.formats import FORMATS
from conformance.oracle.evaluation import Identity
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.targets.bindings import Algorithm, Binding
from conformance.targets.profiles import Profile, Rounding
from reference.algorithms import GRADIENTS, ONLY_STATED, ONLY_UNDER, VALUES, WEIGHTS

ENVELOPE, FORMULA = "envelope", "formula"

Programs = Mapping[str, Program]
NONE: Programs = MappingProxyType({})


def reference_of(loss: Loss, dtype: str) -> Reference:
    """The registered programs of a loss; else its formula, exact enough to judge the dtype."""
    if registered(loss):
        program = reference.PROGRAMS[loss.id]
        return Reference(program.value, program.gradient, program.weights)
    truth = Truth(loss, FORMATS[dtype])
    return Reference(truth.value, truth.gradient)


def registered(loss: Loss) -> bool:
    """Whether `reference/` has a program for this very loss; another one may share its name."""
    return _registered(Identity(loss))


@lru_cache(maxsize=64)
def _registered(key: Identity) -> bool:
    loss, own = key.loss, load_library().losses.get(key.loss.id)
    if own is None or loss.id not in reference.PROGRAMS:
        return False
    parts = ("inputs", "parameters", "formula", "reductions", "conventions")
    return all(getattr(loss, part) == getattr(own, part) for part in parts)


def programs_of(loss: Loss) -> tuple[Programs, Programs]:
    """The programs of value and gradient that implementations are known to run, by name."""
    if registered(loss):
        return VALUES[loss.id], GRADIENTS[loss.id]
    slopes = {f"{FORMULA}_{order}": gradient_program(loss, order) for order in ORDERS}
    return {FORMULA: value_program(loss)}, slopes


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
    if algorithm and algorithm.gradient_of:
        algorithm = algorithm.model_copy(update={"gradient": algorithm.gradient_in(dtype)})
    weights = _by_weights(loss, algorithm, choices)
    rounding: Rounding = algorithm.rounding_in(dtype) if algorithm else "each_op"
    values, gradients = programs_of(loss)
    if algorithm and not registered(loss) and algorithm.value not in {*values, *programs}:
        algorithm = None  # of the loss that has this name in the suite
    if algorithm is None:
        values, gradients = usual(values, choices), usual(gradients, choices)
    return Practice(
        choices=choices,
        values=_programs(values, algorithm.value if algorithm else ENVELOPE, programs),
        gradients=_programs(gradients, algorithm.gradient if algorithm else ENVELOPE, programs),
        arithmetic=profile.arithmetic(dtype, rounding),
        weights=weights,
    )


def _by_weights(
    loss: Loss, algorithm: Algorithm | None, choices: Mapping[str, str]
) -> tuple[Program, ...]:
    """Those that go with the stated order of value or gradient, else all that are known."""
    known = WEIGHTS.get(loss.id, NONE) if registered(loss) else NONE
    names = {algorithm.value, algorithm.gradient} if algorithm else set()
    stated = {name: program for name, program in known.items() if name in names}
    return tuple((stated or usual(known, choices)).values())


def usual(known: Mapping[str, Program], choices: Mapping[str, str]) -> Mapping[str, Program]:
    """The programs that are known under these choices."""

    def fits(name: str) -> bool:
        convention, allowed = ONLY_UNDER.get(name, ("", ("",)))
        choice = choices.get(convention, "").partition("(")[0]
        return name not in ONLY_STATED and choice in allowed

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


def algorithm_name(binding: Binding, loss: Loss) -> str:
    """How the report names what decided the bound."""
    algorithm = binding.algorithm
    if not registered(loss) and (algorithm is None or algorithm.value in VALUES.get(loss.id, ())):
        return FORMULA
    return f"{algorithm.value}, {algorithm.rounding}" if algorithm else ENVELOPE
