"""What may have gone wrong in a reduction: another denominator, or a narrower accumulator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from conformance.cases.case import Case
from conformance.cases.sample import batch_of, class_count
from conformance.engine.divisor import divisor, names
from conformance.engine.judge import Held
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.formats import BFLOAT16, FLOAT16, FLOAT32, Floats
from conformance.specs.models import Loss

_NARROW = (FLOAT32, FLOAT16, BFLOAT16)


def suspect(
    held: Held,
    whole: Floats,
    reduced: Floats,
    relative: float,
    within: Callable[[Arithmetic], bool],
) -> str:
    """A clause for the finding: `whole` is reduced to `reduced`, off by more than `relative`.

    `within` says whether a sum in another arithmetic would have been within its bound.
    """
    return _denominator(held, whole, reduced, relative) or _accumulator(held, within)


def _denominator(held: Held, whole: Floats, reduced: Floats, relative: float) -> str:
    """The known number that the result seems to be divided by."""
    true = divisor(held.case, held.loss, held.practice.choices)
    with np.errstate(all="ignore"):
        found = float(np.divide(whole.sum(), reduced.reshape(())))
    slack = abs(found) * relative
    if not math.isfinite(found) or not math.isfinite(slack):
        return ""
    for words, number in _counts(held, true):
        if abs(number - found) <= slack < abs(number - true):
            return f"; a denominator of {number:.6g}, {words}, in place of {true:.6g} gives that"
    return ""


def _counts(held: Held, true: float) -> Iterator[tuple[str, float]]:
    """What implementations have divided by."""
    case, loss = held.case, held.loss
    batch = batch_of(case.inputs, loss)
    size = float(math.prod(batch))
    yield "which divides nothing", 1.0
    yield "the number of losses", size
    yield "the losses that are not ignored", float(np.count_nonzero(_kept(case, loss)))
    for axis, word in ((0, "first"), (-1, "last")):
        if batch:
            yield f"the length of the {word} axis", float(batch[axis])
    yield "the number of losses and classes", size * max(class_count(case.inputs, loss), 1)
    yield "the number of all weights", float(np.size(np.asarray(case.parameters.get("weight"))))
    yield "the sum of the weights", float(np.sum(_weights(case, loss)))
    yield "the losses with a weight", float(np.count_nonzero(_weights(case, loss)))
    for step, word in ((-1, "one less than is due"), (1, "one more than is due")):
        yield word, true + step


def _kept(case: Case, loss: Loss) -> Floats:
    """One for each sample that counts."""
    kept = np.ones(batch_of(case.inputs, loss))
    for name, declared in loss.inputs.items():
        if declared.also:
            kept = np.where(case.inputs[name] == names(case, loss)[declared.also], 0.0, kept)
    return kept


def _weights(case: Case, loss: Loss) -> Floats:
    """The weight of each sample that counts."""
    kept, weight = _kept(case, loss), case.parameters.get("weight")
    if not isinstance(weight, np.ndarray):
        return kept
    if loss.parameters["weight"].shape != "classes":
        return kept * np.broadcast_to(weight, kept.shape)
    index = next((array for array in case.inputs.values() if array.dtype.kind == "i"), None)
    if index is None:
        return kept
    return kept * weight[np.where(kept > 0, index, 0)]


def _accumulator(held: Held, within: Callable[[Arithmetic], bool]) -> str:
    """The widest sum, short of the due one, that explains the gap."""
    for words, arithmetic in _sums(held.practice.arithmetic):
        if within(arithmetic):
            return f"; a sum {words} gives that: the accumulator is too narrow"
    return "; neither another denominator nor a narrower accumulator explains it"


def _sums(due: Arithmetic) -> Iterator[tuple[str, Arithmetic]]:
    if not due.strict_order:
        yield (
            f"in {due.accumulator.name} of one term after the other",
            replace(due, strict_order=True),
        )
    for form in _NARROW:
        if form.precision < due.accumulator.precision:
            yield f"in {form.name}", replace(due, accumulator=form, strict_order=True)
