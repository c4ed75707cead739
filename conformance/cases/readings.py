"""What input that must be refused may have been taken for: legal cases that would give the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case, frozen
from conformance.cases.rejects import RejectCase
from conformance.cases.roles import CLASSES
from conformance.cases.sample import batch_of, class_count
from conformance.specs.models import Loss

Reading = tuple[str, Case]


def readings(reject: RejectCase, loss: Loss) -> Iterator[Reading]:
    """Words and the legal case that they stand for, most telling first."""
    return ((words, case) for words, case in _every(reject, loss) if _legal(case, loss))


def _every(reject: RejectCase, loss: Loss) -> Iterator[Reading]:
    case = reject.case
    if reject.kind == "index":
        yield from _indices(case, loss)
    elif reject.kind == "shape":
        yield from _shapes(case, loss)
    elif reject.kind == "reduction":
        yield from (
            (f"the reduction {name}", replace(case, reduction=name)) for name in _usual(loss)
        )
    elif reject.kind == "domain":
        yield "the loss of the numbers cut to the domain", _clipped(case)
    elif reject.kind == "dtype":
        yield "the loss of the same numbers in the legal type", _retyped(case, loss)
    yield "the formula beyond its domain", case


def _usual(loss: Loss) -> list[str]:
    return sorted(loss.reductions, key=lambda name: name != "none")


def _indices(case: Case, loss: Loss) -> Iterator[Reading]:
    """Classes counted from the end, or the nearest one that there is; a sample that is ignored."""
    classes = class_count(case.inputs, loss)
    for name in _of_indices(loss):
        labels = case.inputs[name]
        if (labels < 0).any():
            words = f"the loss of class {int(labels.min())} taken from the end"
            yield words, _with(case, {name: np.where(labels < 0, labels + classes, labels)})
        nearest = np.clip(labels, 0, classes - 1)
        yield "the loss of the nearest class that there is", _with(case, {name: nearest})


def _shapes(case: Case, loss: Loss) -> Iterator[Reading]:
    """Inputs broadcast against each other, or cut to the shorter one."""
    broad = _broadcast(case, loss)
    if broad is not None:
        yield "the broadcast", broad
    sizes = {array.shape[0] for array in case.inputs.values() if array.ndim}
    if len(sizes) > 1:
        short = {name: array[: min(sizes)] for name, array in case.inputs.items() if array.ndim}
        yield f"the loss of the first {min(sizes)}", _with(case, short)
    weighty = [name for name, value in case.parameters.items() if isinstance(value, np.ndarray)]
    if weighty:
        left = {name: value for name, value in case.parameters.items() if name not in weighty}
        yield f"the loss without {' and '.join(weighty)}", replace(case, parameters=left)


def _broadcast(case: Case, loss: Loss) -> Case | None:
    tails = {
        name: array.shape[-1:] if loss.inputs[name].shape == CLASSES else ()
        for name, array in case.inputs.items()
    }
    heads = [array.shape[: array.ndim - len(tails[name])] for name, array in case.inputs.items()]
    try:
        batch = np.broadcast_shapes(*heads)
    except ValueError:
        return None
    spread: dict[str, NDArray[Any]] = {
        name: np.broadcast_to(array, batch + tails[name]) for name, array in case.inputs.items()
    }
    return _with(case, spread)


def _clipped(case: Case) -> Case:
    return _with(case, {name: np.clip(array, 0.0, 1.0) for name, array in case.inputs.items()})


def _retyped(case: Case, loss: Loss) -> Case:
    whole = _of_indices(loss)
    typed: dict[str, NDArray[Any]] = {
        name: array.astype(np.int64 if name in whole else np.float64)
        for name, array in case.inputs.items()
    }
    return _with(case, typed)


def _of_indices(loss: Loss) -> list[str]:
    return [name for name, item in loss.inputs.items() if item.kind == "class_index"]


def _with(case: Case, changed: Mapping[str, NDArray[Any]]) -> Case:
    inputs = {name: frozen(np.asarray(array)) for name, array in changed.items()}
    return replace(case, inputs={**case.inputs, **inputs})


def _legal(case: Case, loss: Loss) -> bool:
    """Whether a program can be asked: the reduction is known, and batches and classes fit."""
    classes = class_count(case.inputs, loss)
    within = all(
        bool(((case.inputs[name] >= 0) & (case.inputs[name] < classes)).all())
        for name in _of_indices(loss)
    )
    batch = batch_of(case.inputs, loss)
    shapes = {
        array.shape if loss.inputs[name].shape != CLASSES else array.shape[:-1]
        for name, array in case.inputs.items()
    }
    return within and shapes == {batch} and case.reduction in loss.reductions
