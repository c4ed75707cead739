"""Places of a gradient that are zero by what the case says: nothing there takes part in the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.cases.roles import CLASSES
from conformance.cases.sample import batch_of, class_count
from conformance.engine.judge import Judgement
from conformance.numerics.classification import Class
from conformance.numerics.formats import Floats
from conformance.specs.models import Loss

Mask = NDArray[np.bool_]

IGNORED = "of an ignored sample"
WEIGHTLESS = "of a sample of weight zero"
MASKED = "by a logit of minus infinity"


@dataclass(frozen=True)
class Silence:
    """The places of one reason, flat over a gradient, that must be exactly zero."""

    reason: str
    places: Mask


def silences(case: Case, loss: Loss, name: str, expected: Floats) -> list[Silence]:
    """Why places of the gradient with respect to an input are zero; the truth is zero at each.

    Where a sample holds NaN its slope may be anything, unless it is ignored.
    """
    zero = expected.reshape(-1) == 0
    if not zero.any():
        return []
    width = class_count(case.inputs, loss) if loss.inputs[name].shape == CLASSES else 1
    samples = {IGNORED: _ignored(case, loss), WEIGHTLESS: _weightless(case, loss)}
    found = [Silence(why, np.repeat(at, width) & zero) for why, at in samples.items() if at.any()]
    given = case.inputs[name]
    if loss.inputs[name].shape == CLASSES and given.dtype.kind == "f":
        found.append(Silence(MASKED, np.isneginf(given).reshape(-1) & zero))
    return [each for each in found if each.places.any()]


def _ignored(case: Case, loss: Loss) -> Mask:
    """Sample by sample, whether an input holds the mark of samples to leave out."""
    batch = batch_of(case.inputs, loss)
    marked = np.zeros(batch, dtype=bool)
    for name, given in loss.inputs.items():
        if given.also is not None:
            mark = case.parameters.get(given.also, loss.parameters[given.also].default)
            marked = marked | (case.inputs[name] == mark)
    return marked.reshape(-1)


def _weightless(case: Case, loss: Loss) -> Mask:
    """Sample by sample, whether its weight, or that of its class, is zero."""
    batch = batch_of(case.inputs, loss)
    weight = case.parameters.get("weight")
    if not isinstance(weight, np.ndarray):
        return np.zeros(int(np.prod(batch)), dtype=bool)
    if loss.parameters["weight"].shape != "classes":
        return np.broadcast_to(weight == 0, batch).reshape(-1)
    indices = [case.inputs[n] for n, i in loss.inputs.items() if i.kind == "class_index"]
    if not indices or not weight.size:
        return np.zeros(int(np.prod(batch)), dtype=bool)
    index = indices[0]
    inside = (index >= 0) & (index < weight.size)
    return np.asarray(inside & (weight[np.where(inside, index, 0)] == 0)).reshape(-1)


def tightened(judged: Judgement, found: list[Silence]) -> Judgement:
    """The judgement with every number but zero wrong in silent places, however small it is."""
    if not found:
        return judged
    silent = np.logical_or.reduce([each.places for each in found])
    loud = silent & np.isfinite(judged.actual) & (judged.actual != 0)
    if not loud.any():
        return judged
    return replace(judged, classes=np.where(loud, np.int8(Class.WRONG), judged.classes))
