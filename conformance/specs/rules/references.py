"""What a spec points to is there: works that are cited, losses that identities name."""

from collections.abc import Iterator
from itertools import chain

from conformance.specs.case import Source
from conformance.specs.errors import FormulaError, Problem
from conformance.specs.grammar import parse
from conformance.specs.models import GENERIC_IDENTITIES, TRANSFORMS, Identity, Loss
from conformance.specs.program import dims
from conformance.specs.reading import Trail
from conformance.specs.rules.context import Context, options


def sources(context: Context) -> Iterator[Problem]:
    """Check that each work cited stands in the bibliography."""
    cited: list[tuple[Trail, Source]] = [
        (("sources", index, "key"), source) for index, source in enumerate(context.loss.sources)
    ]
    for section in ("examples", "edge_cases"):
        for index, case in enumerate(getattr(context.loss, section)):
            if case.source is not None:
                cited.append(((section, index, "source", "key"), case.source))
    for place, source in cited:
        if source.key is not None and source.key not in context.bibliography:
            message = f"the work {source.key!r} is not in the bibliography"
            yield context.problem(place, message, options(source.key, context.bibliography))


def identities(context: Context) -> Iterator[Problem]:
    """Check both sides of each identity, and what it holds for."""
    for index, identity in enumerate(context.loss.identities):
        place: Trail = ("identities", index)
        if identity.equals is None:
            if identity.id not in GENERIC_IDENTITIES:
                message = f"the identity {identity.id!r} has no other side"
                remedy = f"add 'equals', or use one of {', '.join(GENERIC_IDENTITIES)}"
                yield context.problem((*place, "id"), message, remedy)
            yield from _when(context, place, identity, context.loss)
            continue
        other = context.losses.get(identity.equals.loss)
        if other is None:
            message = f"the identity {identity.id!r} names the loss {identity.equals.loss!r}"
            remedy = options(identity.equals.loss, context.losses)
            yield context.problem((*place, "equals", "loss"), message, remedy)
            continue
        yield from _other_side(context, place, identity, other)
        yield from _when(context, place, identity, other)


def invariants(context: Context) -> Iterator[Problem]:
    """Check that an invariant speaks of inputs and parameters that there are."""
    loss = context.loss
    for index, each in enumerate(loss.invariants):
        for name, section, known in (
            *((name, "of", [*loss.inputs, *loss.parameters]) for name in each.of),
            *((name, "when", list(loss.parameters)) for name in each.when),
        ):
            if name not in known:
                message = f"the invariant {each.name!r} speaks of {name!r}, which the loss lacks"
                yield context.problem(("invariants", index, section), message, options(name, known))
        if (each.id == "homogeneous") is (each.degree is None):
            message = f"the invariant {each.name!r} and its degree do not go together"
            remedy = "give 'degree' to 'homogeneous', and to no other"
            yield context.problem(("invariants", index), message, remedy)


def _other_side(
    context: Context, place: Trail, identity: Identity, other: Loss
) -> Iterator[Problem]:
    assert identity.equals is not None
    given, known = identity.equals.given, {*context.loss.inputs, *dims(context.loss)}
    if given.keys() != other.inputs.keys():
        found = ", ".join(given)
        message = f"the identity {identity.id!r} gives {found} to {other.id}"
        remedy = f"give {', '.join(other.inputs)}"
        yield context.problem((*place, "equals", "given"), message, remedy)
    for name, text in given.items():
        try:
            parse(text, known, TRANSFORMS)
        except FormulaError as error:
            message, _, remedy = str(error).partition("; ")
            trail = (*place, "equals", "given", name)
            yield context.problem(trail, message, remedy or "write an expression of inputs")
    for name in identity.equals.parameters:
        if name not in other.parameters:
            message = f"the identity {identity.id!r} sets {name!r}, no parameter of {other.id}"
            trail = (*place, "equals", "parameters", name)
            yield context.problem(trail, message, options(name, other.parameters), key=True)


def _when(context: Context, place: Trail, identity: Identity, other: Loss) -> Iterator[Problem]:
    loss = context.loss
    known = list(dict.fromkeys(chain(["reduction"], loss.parameters, other.parameters)))
    for name, values in identity.when.items():
        if name not in known:
            message = f"the identity {identity.id!r} holds for some {name!r}, no parameter of it"
            trail = (*place, "when", name)
            yield context.problem(trail, message, options(name, known), key=True)
        for index, value in enumerate(values if name == "reduction" else ()):
            if value not in loss.reductions or value not in other.reductions:
                message = f"the identity {identity.id!r} holds for the reduction {value!r}"
                trail = (*place, "when", name, index)
                yield context.problem(trail, message, options(str(value), loss.reductions))
