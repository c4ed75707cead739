"""Whether a binding answers all that the spec of its loss asks, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from conformance.specs.models import Loss
from conformance.targets.bindings import SCALAR_BATCH, Binding

_DTYPES = {"float64", "float32", "float16", "bfloat16"}


def unfit(bindings: Mapping[str, Binding], losses: Mapping[str, Loss]) -> Iterator[str]:
    """Say what is wrong with a framework's bindings: where, what, and what would be right."""
    framework = next((binding.framework for binding in bindings.values()), "the framework")
    yield from _same(f"{framework}: losses", set(bindings), set(losses))
    for name, binding in bindings.items():
        if name in losses and binding.absent is None:
            for problem in _problems(binding, losses[name]):
                yield f"{framework}: {name}: {problem}"
            for parameter, other in binding.instead.items():
                for problem in _problems(other, losses[name]):
                    yield f"{framework}: {name}: instead: {parameter}: {problem}"


def _problems(binding: Binding, loss: Loss) -> Iterator[str]:
    yield from _same("inputs", set(binding.inputs), set(loss.inputs))
    answered = {*binding.parameters, *binding.implied, *binding.instead}
    reasons = set(binding.unsupported)
    yield from _same(
        "parameters", answered | (reasons & set(loss.parameters)), set(loss.parameters)
    )
    yield from _same(
        "reductions",
        set(binding.reductions) | (reasons & set(loss.reductions)),
        set(loss.reductions),
    )
    known = {*loss.parameters, *loss.reductions, *_DTYPES, SCALAR_BATCH}
    yield from _extra("unsupported", reasons, known)
    for key in sorted(reasons & (answered | set(binding.reductions))):
        yield f"unsupported: {key} is bound too; keep one of the two"
    yield from _conventions(binding, loss)
    yield from _extra("not_differentiated", set(binding.not_differentiated), set(loss.inputs))
    rejects = {each.id for each in loss.rejects}
    yield from _extra("rejects", set(binding.rejects), rejects)
    yield from _extra("unchecked", set(binding.unchecked), rejects)
    for key in sorted(set(binding.rejects) & set(binding.unchecked)):
        yield f"unchecked: {key} is rejected too; keep one of the two"
    yield from _extra(
        "aliases", {alias.reduction for alias in binding.aliases}, set(loss.reductions)
    )


def _conventions(binding: Binding, loss: Loss) -> Iterator[str]:
    yield from _same("conventions", set(binding.conventions), set(loss.conventions))
    for name in sorted(set(binding.conventions) & set(loss.conventions)):
        try:
            loss.choices({name: binding.conventions[name]})
        except ValueError as error:
            yield f"conventions: {name}: {error}"


def _same(what: str, found: Set[str], wanted: Set[str]) -> Iterator[str]:
    for name in sorted(wanted - found):
        yield f"{what}: {name} is not answered; bind it, or give the reason for which it cannot be"
    yield from _extra(what, found, wanted)


def _extra(what: str, found: Set[str], known: Set[str]) -> Iterator[str]:
    for name in sorted(found - known):
        yield f"{what}: {name} is not in the spec; known are {', '.join(sorted(known)) or 'none'}"
