"""Shapes of a case: the batch and the classes that its inputs agree on."""

import math
from dataclasses import dataclass
from typing import Any

from conformance.specs.case import Given
from conformance.specs.models import Loss, Parameter
from conformance.specs.values import shape


@dataclass(frozen=True)
class Shapes:
    """The batch axes, and the number of classes where there is a class axis."""

    batch: tuple[int, ...]
    classes: int | None


def input_shapes(loss: Loss, given: Given) -> Shapes | str:
    """Give the shapes that the inputs agree on, or what they disagree on."""
    batches: dict[tuple[int, ...], str] = {}
    classes: dict[int, str] = {}
    for name, item in loss.inputs.items():
        found = given.shape_of(name)
        if item.shape == "*batch classes":
            if not found:
                return f"{name} is a single number and has no class axis"
            classes.setdefault(found[-1], name)
            found = found[:-1]
        batches.setdefault(found, name)
    if len(batches) > 1:
        texts = " and ".join(f"{name} {batch}" for batch, name in batches.items())
        return f"the batches differ, {texts}"
    if len(classes) > 1:
        texts = " and ".join(f"{name} {count}" for count, name in classes.items())
        return f"the numbers of classes differ, {texts}"
    return Shapes(next(iter(batches)), next(iter(classes), None))


def output_shape(batch: tuple[int, ...], reduction: str, last_axis: str) -> tuple[int, ...]:
    """Give the shape of the loss."""
    if reduction != "none":
        return ()
    return batch if last_axis == "kept" else batch[:-1]


def parameter_fault(parameter: Parameter, value: Any, shapes: Shapes) -> tuple[str, str] | None:
    """Say what is wrong with a parameter's value and what would be right; None where it fits."""
    if value is None:
        return None
    found = shape(value)
    if parameter.shape == "classes":
        wanted = (shapes.classes or 0,)
        return None if found == wanted else (f"of shape {found}", f"give the shape {wanted}")
    if parameter.shape == "*batch":
        tail = shapes.batch[len(shapes.batch) - len(found) :]
        fits = len(found) <= len(shapes.batch) and all(
            own in (1, other) for own, other in zip(found, tail, strict=True)
        )
        remedy = f"give a shape that lines up with the last axes of {shapes.batch}"
        return None if fits else (f"of shape {found}", remedy)
    if math.prod(found) != 1 or found:
        return f"of shape {found}", "give a single number"
    if parameter.kind == "boolean" and not isinstance(value, bool):
        return f"the value {value}", "give true or false"
    return None
