"""The slopes of samples, put together as gradients of the shapes of what they are taken by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.oracle.ball import Ball, Entry
from conformance.oracle.enclosure import Enclosure, Enclosures, array_of
from conformance.oracle.extended import ZERO
from conformance.oracle.reduction import total
from conformance.oracle.samples import CLASS_AXIS, Samples


def slope_of(part: Ball, entry: Entry) -> Enclosure:
    return Enclosure(part.slopes.get(entry, ZERO), entry in part.kinks)


def by_inputs(samples: Samples, parts: list[Ball]) -> dict[str, Enclosures]:
    """Each sample's slopes in its own place."""
    result = {}
    for name, given in samples.loss.inputs.items():
        if given.kind == "class_index":
            continue
        axis = (samples.classes,) if given.shape == CLASS_AXIS else ()
        entries = [(name, place) for place in range(math.prod(axis))]
        flat = [slope_of(part, entry) for part in parts for entry in entries]
        result[name] = array_of(flat, samples.batch + axis)
    return result


def by_weights(
    samples: Samples, parameters: Mapping[str, Any], parts: list[Ball]
) -> dict[str, Enclosures]:
    """The slopes of all samples that share an entry of a weight, added up."""
    result = {}
    for name, parameter in samples.loss.parameters.items():
        value = parameters.get(name)
        if parameter.shape is None or value is None:
            continue
        shape = np.shape(value)
        numbers = np.arange(math.prod(shape)).reshape(shape)
        if parameter.shape == "classes":
            sums = [_sum(parts, (name, place)) for place in range(numbers.size)]
        else:
            owners = np.broadcast_to(numbers, samples.batch).ravel()
            shared = [[parts[k] for k in np.flatnonzero(owners == n)] for n in range(numbers.size)]
            sums = [_sum(own, (name, 0)) for own in shared]
        result[name] = array_of(sums, shape)
    return result


def _sum(parts: list[Ball], entry: Entry) -> Enclosure:
    kink = any(entry in part.kinks for part in parts)
    return Enclosure(total([part.slopes.get(entry, ZERO) for part in parts]), kink)
