"""A sample many times over: kernels take the middle of a batch and its tail in different ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.cases.case import Array, Case, frozen
from conformance.cases.sample import batch_of, per_sample
from conformance.cases.streams import Floats
from conformance.specs.models import Loss

#: Past two vector registers of any width, with a tail behind.
COPIES = 33


def copied(case: Case, loss: Loss, count: int) -> Case:
    """The case with its one sample that many times, under an id that says so.

    The first axis grows, and the cotangent of an output that has it. Raises IndexError for a case
    without a batch of one sample.
    """
    batch = batch_of(case.inputs, loss)
    if not batch or set(batch) != {1}:
        raise IndexError(f"{case.id}: has the batch {batch}; only a sample in a batch is copied")
    pinned = case.cotangents.pinned
    if pinned is not None and pinned.shape == batch:
        pinned = _repeated(pinned, count)
    text = f"{case.id}/x{count}"
    repeated = per_sample(case.parameters, loss, batch, lambda value: _repeated(value, count))
    return Case(
        id=text,
        loss=case.loss,
        dtype=case.dtype,
        inputs={name: _frozen(array, count) for name, array in case.inputs.items()},
        parameters=repeated,
        reduction=case.reduction,
        cotangents=replace(case.cotangents, text=text, pinned=pinned),
        conventions=case.conventions,
    )


def _frozen(array: Array, count: int) -> Array:
    return frozen(np.repeat(array, count, axis=0))


def _repeated(array: Floats, count: int) -> Floats:
    return np.asarray(_frozen(array, count), dtype=np.float64)
