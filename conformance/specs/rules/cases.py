"""Cases give what the loss takes, in shapes and intervals that fit, and expect what it returns."""

import math
from collections.abc import Iterator

from conformance.specs.case import EdgeCase, Example, Expectation, Given, Reject
from conformance.specs.errors import Problem
from conformance.specs.models import Loss
from conformance.specs.reading import Trail
from conformance.specs.rules.context import Context, options
from conformance.specs.rules.shapes import input_shapes, output_shape, parameter_fault
from conformance.specs.values import entries, shape

Written = Example | EdgeCase | Reject


def ids(context: Context) -> Iterator[Problem]:
    """Check that an id names one case, one identity, one invariant over one axis."""
    loss, seen = context.loss, set[tuple[str, str]]()
    named = [("case", section, i, case.id) for section, i, case in _cases(loss)]
    named += [("identity", "identities", i, each.id) for i, each in enumerate(loss.identities)]
    named += [("invariant", "invariants", i, each.name) for i, each in enumerate(loss.invariants)]
    for kind, section, index, id in named:
        if (kind, id) in seen:
            message = f"the {kind} {id!r} is there already"
            yield context.problem((section, index, "id"), message, "choose an id of its own")
        seen.add((kind, id))


def reasons(context: Context) -> Iterator[Problem]:
    """Check that each example says why its value is right, or where it stands."""
    for index, case in enumerate(context.loss.examples):
        if case.why is None and case.source is None:
            message = f"the example {case.id} has neither 'why' nor 'source'"
            yield context.problem(("examples", index), message, "say why its value is right")


def given_names(context: Context) -> Iterator[Problem]:
    """Check that cases give every input, nothing unknown, and a reduction that there is."""
    loss = context.loss
    known = [*loss.inputs, *loss.parameters]
    for section, index, case in _cases(loss):
        place: Trail = (section, index, "given")
        for name in case.given.values:
            if name not in known:
                message = f"case {case.id!r} gives unknown input {name!r}"
                yield context.problem((*place, name), message, options(name, known), key=True)
        for name in loss.inputs:
            if name not in case.given.values:
                message = f"case {case.id!r} does not give the input {name!r}"
                yield context.problem(place, message, "add it")
        for part in ("dtype", "shape"):
            for name in getattr(case.given, part):
                if name not in loss.inputs:
                    message = f"case {case.id!r} states the {part} of {name!r}, which is no input"
                    trail = (*place, part, name)
                    yield context.problem(trail, message, options(name, loss.inputs), key=True)
        if _breaks(case) != "reduction" and case.given.reduction not in loss.reductions:
            message = f"case {case.id!r} has the reduction {case.given.reduction!r}"
            remedy = options(case.given.reduction, loss.reductions)
            yield context.problem((*place, "reduction"), message, remedy)
        yield from _choices(context, (*place, "conventions"), case.id, case.given)


def _choices(context: Context, place: Trail, id: str, given: Given) -> Iterator[Problem]:
    for name, text in given.conventions.items():
        try:
            context.loss.choices({name: text})
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            yield context.problem((*place, name), f"case {id!r}: {message}", remedy or "remove it")


def given_shapes(context: Context) -> Iterator[Problem]:
    """Check that the shapes of what is given fit; a case that must break a shape is let through."""
    for section, index, case in _cases(context.loss):
        if _breaks(case) == "shape" or not _complete(context.loss, case.given):
            continue
        place: Trail = (section, index, "given")
        found = input_shapes(context.loss, case.given)
        if isinstance(found, str):
            remedy = "give all inputs one batch, and those with classes the same number of them"
            yield context.problem(place, f"case {case.id!r}: {found}", remedy)
            continue
        for name, parameter in context.loss.parameters.items():
            fault = parameter_fault(parameter, case.given.values.get(name), found)
            if fault is not None:
                message = f"case {case.id!r} gives {name} {fault[0]}"
                yield context.problem((*place, name), message, fault[1])


def given_values(context: Context) -> Iterator[Problem]:
    """Check that inputs lie in their interval; NaN and infinities are edges of every one."""
    loss = context.loss
    for section, index, case in _cases(loss):
        if _breaks(case) in ("domain", "index", "dtype", "shape"):
            continue
        classes = dict[str, int]()
        found = input_shapes(loss, case.given) if _complete(loss, case.given) else ""
        if not isinstance(found, str) and found.classes is not None:
            classes["classes"] = found.classes
        for name, item in loss.inputs.items():
            outside = _outside(loss, name, case.given, classes)
            if outside:
                interval = item.domain(case.given.values).text
                message = f"case {case.id!r} gives {name} the value {outside[0]:g}"
                trail = (section, index, "given", name)
                yield context.problem(trail, message, f"give values in {interval}")


def _outside(loss: Loss, name: str, given: Given, dims: dict[str, int]) -> list[float]:
    item = loss.inputs[name]
    interval = item.domain(given.values)
    if isinstance(interval.high, str) and interval.high not in dims:
        return []
    also = None
    if item.also in loss.parameters:
        also = given.values.get(item.also, loss.parameters[item.also].default)
    return [
        float(entry)
        for entry in entries(given.values.get(name, ()))
        if isinstance(entry, int | float) and math.isfinite(entry) and entry != also
        if not interval.contains(float(entry), dims)
    ]


def expectations(context: Context) -> Iterator[Problem]:
    """Check that what is expected has the shape of what the loss returns, choice by choice."""
    loss = context.loss
    for section, index, case in _cases(loss):
        if isinstance(case, Reject) or not _complete(loss, case.given):
            continue
        norm = Expectation(loss=case.loss, gradient=case.gradient)
        yield from _expected(context, (section, index), case, norm, "kept")
        for name, texts in case.when.items():
            for text, changed in texts.items():
                place: Trail = (section, index, "when", name, text)
                try:
                    loss.choices({name: text})
                except ValueError as error:
                    message, _, remedy = str(error).partition("; ")
                    message = f"case {case.id!r}: {message}"
                    yield context.problem(place, message, remedy or "remove it", key=True)
                    continue
                rule = text if name == "last-axis" else "kept"
                yield from _expected(context, place, case, changed, rule)


def _expected(
    context: Context, place: Trail, case: Example, expected: Expectation, last_axis: str
) -> Iterator[Problem]:
    shapes = input_shapes(context.loss, case.given)
    if isinstance(shapes, str):
        return
    if expected.loss is not None:
        wanted = output_shape(shapes.batch, case.given.reduction, last_axis)
        if not _fits(shape(expected.loss), wanted):
            message = f"case {case.id!r} expects a loss of shape {shape(expected.loss)}"
            yield context.problem((*place, "loss"), message, f"it has the shape {wanted}")
    real = [name for name, item in context.loss.inputs.items() if item.kind == "real"]
    for name, value in expected.gradient.items():
        trail = (*place, "gradient", name)
        if name not in real:
            message = f"case {case.id!r} expects a gradient by {name!r}, no real input"
            yield context.problem(trail, message, options(name, real), key=True)
        elif not _fits(shape(value), case.given.shape_of(name)):
            message = f"case {case.id!r} expects a gradient by {name} of shape {shape(value)}"
            yield context.problem(trail, message, f"{name} has {case.given.shape_of(name)}")


def _fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Say whether shapes are equal; an empty list stands for any shape without entries."""
    return found == wanted or (found == (0,) and 0 in wanted)


def _cases(loss: Loss) -> Iterator[tuple[str, int, Written]]:
    for section in ("examples", "edge_cases", "rejects"):
        for index, case in enumerate(getattr(loss, section)):
            yield section, index, case


def _breaks(case: Written) -> str:
    return case.kind if isinstance(case, Reject) else ""


def _complete(loss: Loss, given: Given) -> bool:
    return loss.inputs.keys() <= given.values.keys()
