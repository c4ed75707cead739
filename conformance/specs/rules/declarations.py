"""Inputs and parameters fit together: names, intervals, dims and defaults."""

from collections.abc import Iterator

from conformance.specs.errors import Problem
from conformance.specs.grammar import FUNCTIONS
from conformance.specs.models import Parameter
from conformance.specs.program import dims
from conformance.specs.rules.context import Context, options

#: Keys beside inputs and parameters in what a case gives.
RESERVED = ("reduction", "conventions", "dtype", "shape")

_KINDS: dict[str, tuple[type, ...]] = {
    "real": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


def names(context: Context) -> Iterator[Problem]:
    """Check that each input and parameter has a name of its own."""
    loss, taken = context.loss, {*RESERVED, *FUNCTIONS, *dims(context.loss)}
    for section, entries in (("inputs", loss.inputs), ("parameters", loss.parameters)):
        for name in entries:
            if name in taken:
                message = f"the name {name!r} in {section} is taken"
                place = (section, name)
                yield context.problem(place, message, "choose a name not in use", key=True)
            taken.add(name)


def inputs(context: Context) -> Iterator[Problem]:
    """Check the intervals and references of inputs."""
    loss = context.loss
    integers = [name for name, item in loss.parameters.items() if item.kind == "integer"]
    booleans = [name for name, item in loss.parameters.items() if item.kind == "boolean"]
    for name, item in loss.inputs.items():
        high = item.domain().high
        if isinstance(high, str) and high not in dims(loss):
            message = f"the interval of {name} ends at {high!r}, which is no dim of this loss"
            yield context.problem(("inputs", name, "in"), message, options(high, dims(loss)))
        if isinstance(high, str) != (item.kind == "class_index"):
            message = f"{name} is of kind {item.kind} with the values {item.interval}"
            remedy = "a class_index lies in [0, classes), a real number in an interval of numbers"
            yield context.problem(("inputs", name, "in"), message, remedy)
        if item.also is not None and (item.also not in integers or item.kind != "class_index"):
            message = f"{name} may also be {item.also!r}, which is no integer parameter of an index"
            yield context.problem(("inputs", name, "or"), message, options(item.also, integers))
        for parameter in item.interval_when:
            if parameter not in booleans:
                message = f"the interval of {name} depends on {parameter!r}, no boolean parameter"
                place = ("inputs", name, "in_when", parameter)
                yield context.problem(place, message, options(parameter, booleans), key=True)


def parameters(context: Context) -> Iterator[Problem]:
    """Check the defaults and shapes of parameters."""
    for name, item in context.loss.parameters.items():
        fault = _default_fault(item)
        if fault is not None:
            message, remedy = fault
            place = ("parameters", name, "default")
            yield context.problem(place, f"the parameter {name} {message}", remedy)
        if item.shape == "classes" and "classes" not in dims(context.loss):
            message = f"the parameter {name} has one entry a class, and no input has classes"
            yield context.problem(("parameters", name, "shape"), message, "give it another shape")


def _default_fault(item: Parameter) -> tuple[str, str] | None:
    default = item.default
    if item.optional:
        if default is None:
            return None
        return f"is optional and has the default {default}", "remove one of the two"
    if default is None:
        return "has no default", "add 'default', or 'optional: true' for one that may be left out"
    kinds = _KINDS[item.kind]
    if not isinstance(default, kinds) or (isinstance(default, bool) and bool not in kinds):
        return f"is {item.kind} with the default {default}", f"write a default that is {item.kind}"
    if item.kind == "real" and not item.domain().contains(float(default)):
        return f"has the default {default} outside {item.interval}", "write one inside"
    return None
