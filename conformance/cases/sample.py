"""One sample cut out of a case: an element of an elementwise loss, a row of one with classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from conformance.cases.case import Array, Case, Value, frozen
from conformance.cases.roles import CLASSES
from conformance.cases.streams import Floats, Shape
from conformance.specs.models import Loss


def batch_of(inputs: Mapping[str, Array], loss: Loss) -> Shape:
    """The batch shape of a case's inputs, the class axis left out."""
    name, given = next(iter(loss.inputs.items()))
    shape = inputs[name].shape
    return shape[:-1] if given.shape == CLASSES else shape


def class_count(inputs: Mapping[str, Array], loss: Loss) -> int:
    """How many classes a case has; 0 without a class axis."""
    sizes = [inputs[name].shape[-1] for name, i in loss.inputs.items() if i.shape == CLASSES]
    return sizes[0] if sizes else 0


def cut(case: Case, loss: Loss, element: int) -> Case:
    """The case with only the sample at that flat index of its batch, and its cotangent.

    The batch becomes (1,), or stays () where it was. The reduction stays. Raises IndexError.
    """
    batch = batch_of(case.inputs, loss)
    if not 0 <= element < math.prod(batch):
        raise IndexError(f"{case.id}: has no sample {element}; its batch has {math.prod(batch)}")
    inputs = {
        name: _picked(array, batch, loss.inputs[name].shape == CLASSES, element)
        for name, array in case.inputs.items()
    }
    parameters = {
        name: _sample_value(value, loss.parameters[name].shape == "*batch", batch, element)
        for name, value in case.parameters.items()
    }
    whole = case.cotangents
    return Case(
        id=f"{case.id}/e{element}",
        loss=case.loss,
        dtype=case.dtype,
        inputs=inputs,
        parameters=parameters,
        reduction=case.reduction,
        cotangents=replace(whole, batch=batch, element=element),
        conventions=case.conventions,
    )


def per_sample(
    parameters: Mapping[str, Value], loss: Loss, batch: Shape, change: Callable[[Floats], Floats]
) -> dict[str, Value]:
    """The parameters, changed where they hold an entry for each sample of the batch."""
    return {
        name: change(np.asarray(np.broadcast_to(value, batch), dtype=np.float64))
        if loss.parameters[name].shape == "*batch" and isinstance(value, np.ndarray) and value.ndim
        else value
        for name, value in parameters.items()
    }


def _picked(array: Array, batch: Shape, has_classes: bool, element: int) -> Array:
    if not batch:
        return array
    width = array.shape[-1:] if has_classes else ()
    return frozen(array.reshape(-1, *width)[element : element + 1])


def _sample_value(value: Value, per_sample: bool, batch: Shape, element: int) -> Value:
    """A parameter per sample keeps the entry that the sample had; all others stay whole."""
    if not per_sample or not isinstance(value, np.ndarray) or not value.ndim:
        return value
    entry: Floats = np.broadcast_to(value, batch).reshape(-1)[element : element + 1]
    return np.asarray(frozen(entry), dtype=np.float64)
