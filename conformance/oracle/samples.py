"""A call taken apart into its samples: batch axes go, a class axis becomes a list."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from conformance.oracle.ball import Ball, ball
from conformance.oracle.extended import ONE
from conformance.oracle.series import Series
from conformance.specs.models import Loss

CLASS_AXIS = "*batch classes"

Slopes = Literal["none", "inputs", "weights"]
"""What a formula is differentiated by: nothing, inputs, or parameters that are arrays."""


@dataclass(frozen=True)
class Samples:
    """The inputs and parameters of a call, each flattened over the batch.

    Numbers stay as they were given, floats or fractions: balls are made where the bits are known.
    Inputs with `tangents` move along them; these must be finite, as the tangents are.
    """

    loss: Loss
    batch: tuple[int, ...]
    classes: int
    inputs: dict[str, list[Any]]
    parameters: dict[str, list[Any]]
    shared: dict[str, Any]
    tangents: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return math.prod(self.batch)

    def names(self, index: int, *, slopes: Slopes) -> dict[str, Any]:
        """Give what the formula sees at one sample.

        With slopes by inputs every real entry is a variable, by weights every parameter with a shape.
        """
        scope: dict[str, Any] = {"classes": self.classes}
        weights, inputs = slopes == "weights", slopes == "inputs"
        for name, value in self.shared.items():
            scope[name] = self._parameter(name, value, weights)
        for name, values in self.parameters.items():
            scope[name] = _variable(name, 0, values[index], weights)
        for name, values in self.inputs.items():
            rates = self.tangents[name][index] if name in self.tangents else None
            scope[name] = self._input(name, values[index], inputs, rates)
        return scope

    def _parameter(self, name: str, value: Any, slopes: bool) -> Any:
        if value is None or self.loss.parameters[name].kind != "real":
            return value
        if isinstance(value, list):
            return [_variable(name, k, x, slopes) for k, x in enumerate(value)]
        return ball(value)

    def _input(self, name: str, value: Any, slopes: bool, rates: Any) -> Any:
        if self.loss.inputs[name].kind == "class_index":
            return value
        if isinstance(value, list):
            each = rates or [None] * len(value)
            return [_variable(name, k, entry, slopes, each[k]) for k, entry in enumerate(value)]
        return _variable(name, 0, value, slopes, rates)


def take_apart(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    tangents: Mapping[str, Any] = MappingProxyType({}),
) -> Samples:
    """Split a call; raises ValueError where shapes do not fit."""
    arrays = {name: np.asarray(inputs[name]) for name in loss.inputs}
    axis = {name: given.shape == CLASS_AXIS for name, given in loss.inputs.items()}
    batches = {array.shape[:-1] if axis[name] else array.shape for name, array in arrays.items()}
    classes = {array.shape[-1] for name, array in arrays.items() if axis[name]}
    if len(batches) != 1 or len(classes) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"inputs of {loss.id}: the shapes are {shapes}; one batch is needed")
    batch = batches.pop()
    flat = {
        name: array.reshape(math.prod(batch), *array.shape[len(batch) :]).tolist()
        for name, array in arrays.items()
    }
    per_sample, shared = _parameters(loss, parameters, batch)
    moving = {
        name: np.asarray(each).reshape(math.prod(batch), *arrays[name].shape[len(batch) :]).tolist()
        for name, each in tangents.items()
    }
    return Samples(loss, batch, classes.pop() if classes else 0, flat, per_sample, shared, moving)


def _parameters(
    loss: Loss, given: Mapping[str, Any], batch: tuple[int, ...]
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    per_sample, shared = {}, {}
    for name, parameter in loss.parameters.items():
        value = given.get(name, parameter.default)
        if value is None or parameter.kind != "real":
            shared[name] = value.item() if isinstance(value, np.generic | np.ndarray) else value
        elif parameter.shape == "*batch":
            per_sample[name] = np.broadcast_to(value, batch).ravel().tolist()
        elif parameter.shape == "classes":
            shared[name] = np.asarray(value).tolist()
        else:
            shared[name] = np.asarray(value).item()
    return per_sample, shared


def _variable(name: str, position: int, value: float, slopes: bool, rate: Any = None) -> Ball:
    number = ball(value).value
    if rate is not None:
        number = Series(number, ball(rate).value)
    return Ball(number, {(name, position): ONE} if slopes else {})
