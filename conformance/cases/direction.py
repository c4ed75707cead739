"""Directions that derivatives are taken along: a number for every floating input of a case."""

from __future__ import annotations

import numpy as np

from conformance.cases.case import Case
from conformance.cases.roles import Role, role_of
from conformance.cases.streams import Floats, Mask, Stream
from conformance.specs.models import Loss

RANDOM, ONE_HOT = "random", "one-hot"
_STEPS = 16
"""Random tangents are multiples of an eighth up to this many, which every dtype holds exactly."""


def directions(case: Case, loss: Loss, structure: str) -> dict[str, Floats]:
    """A tangent for every floating input, in its shape.

    A random one moves every entry that can move both ways, rows of a distribution so that their sum
    stays. One-hot moves a single entry of the first input: what comes of it is a column of the
    Hessian.
    """
    real = [name for name, given in loss.inputs.items() if given.kind == "real"]
    if structure == RANDOM:
        return {name: _random(case, loss, name) for name in real}
    found = {name: np.zeros(case.inputs[name].shape) for name in real}
    first = found[real[0]].reshape(-1)
    if first.size:
        place = int(Stream(case.id, "direction").integer(0, first.size - 1, ())[()])
        first[place] = 0.0 if at_end(case, loss, real[0]).reshape(-1)[place] else 1.0
    return found


def at_end(case: Case, loss: Loss, name: str) -> Mask:
    """Where an entry stands at an end of its domain: a derivative there has one side only."""
    domain, x = loss.inputs[name].domain(dict(case.parameters)), np.asarray(case.inputs[name])
    return np.asarray((x == domain.low) | (x == domain.high))


def _random(case: Case, loss: Loss, name: str) -> Floats:
    shape = case.inputs[name].shape
    steps = Stream(case.id, "direction", name).integer(-_STEPS, _STEPS, shape)
    moved, ends = steps.astype(np.float64) / 8.0, at_end(case, loss, name)
    if role_of(loss, name, case.parameters) is Role.DISTRIBUTION:
        moved = moved - np.roll(moved, 1, axis=-1)
        ends = np.broadcast_to(ends.any(axis=-1, keepdims=True), shape)
    return np.where(ends, 0.0, moved)
