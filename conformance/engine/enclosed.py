"""The oracle's numbers for single samples of a loss, each asked for once.

A case comes again in other layouts and orders, along other cotangents, by value and by gradient, and
its samples alone; what ball arithmetic says of a sample is the same in all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from conformance import oracle
from conformance.engine.formula import LAST_AXIS, Call, has_classes
from conformance.numerics.bounded import Bounded
from conformance.numerics.estimate import Mask
from conformance.numerics.formats import FLOAT64, Floats, ulp
from conformance.numerics.language import values_of
from conformance.oracle import VALUE, Enclosures, PrecisionError, midpoints, radii
from conformance.oracle.evaluation import Identity
from conformance.oracle.extended import finite
from conformance.specs.models import Reduction

MOST = 1 << 15
"""Samples of a loss that are remembered: some megabytes."""


@dataclass(frozen=True)
class Numbers:
    """The oracle's answer, a row a sample; `past` marks finite truths that no float64 reaches."""

    value: Floats
    bound: Floats
    past: Mask


def enclosed(call: Call, samples: np.ndarray) -> dict[str, Numbers]:
    """The loss of each sample, under VALUE, and its slopes by every real input."""
    part = _part_of(call, samples)
    keys, known = list(_keys(part)), _known(Identity(call.loss))
    new = {key: place for place, key in enumerate(keys) if key not in known}
    found = dict(zip(new, _asked(_part_of(part, np.array([*new.values()], int))), strict=True))
    rows = np.stack([known[key] if key in known else found[key] for key in keys])
    known.update(found)
    for key in [*known][: max(0, len(known) - MOST)]:
        del known[key]
    return {
        name: Numbers(rows[:, 0, at], rows[:, 1, at], rows[:, 2, at] != 0.0)
        for name, at in _columns(part).items()
    }


@lru_cache(maxsize=16)
def _known(loss: Identity) -> dict[bytes, Floats]:
    """What was answered, by sample: value, bound and mark of its loss and of each of its slopes."""
    return {}


def _keys(part: Call) -> Iterator[bytes]:
    """All that the answer hangs on, a sample."""
    apart = _rows_apart(part)
    shared = {name: each for name, each in part.parameters.items() if name not in apart}
    given = [
        (name, None if each is None else (np.shape(each), np.asarray(each).tobytes()))
        for name, each in shared.items()
    ]
    head = hashlib.blake2b(repr((given, sorted(_choices(part).items()))).encode(), digest_size=16)
    arrays = [*part.inputs.values(), *(part.parameters[name] for name in apart)]
    tails = "".join(f"{name}{np.shape(each)[1:]}" for name, each in part.inputs.items())
    head.update(tails.encode())
    for place in range(part.batch[0]):
        own = head.copy()
        for array in arrays:
            own.update(np.asarray(array)[place].tobytes())
        yield own.digest()


def _rows_apart(call: Call) -> list[str]:
    """The parameters of which each sample has an entry of its own."""
    return [
        name
        for name, parameter in call.loss.parameters.items()
        if parameter.shape == "*batch" and call.parameters[name] is not None
    ]


def _columns(part: Call) -> dict[str, slice]:
    """Where in a row the loss and the slopes by each input stand."""
    places, at = {VALUE: slice(0, 1)}, 1
    for name, spec in part.loss.inputs.items():
        if spec.kind == "real":
            width = np.shape(part.inputs[name])[-1] if has_classes(part.loss, name) else 1
            places[name] = slice(at, at + width)
            at += width
    return places


def _asked(part: Call) -> list[Floats]:
    """Ask for all samples at once; one by one where some cannot be decided."""
    count = part.batch[0]
    if not count:
        return []
    try:
        return list(_rows(part, oracle.value_and_derivatives(*_question(part))))
    except PrecisionError:
        if count > 1:
            return [_asked(_part_of(part, np.array([k])))[0] for k in range(count)]
    try:
        return list(_rows(part, {VALUE: oracle.evaluate(*_question(part))}))
    except PrecisionError:
        return list(_rows(part, {}))


def _rows(part: Call, answers: Mapping[str, Enclosures]) -> Floats:
    """Samples, then value, bound and mark, then the columns; what has no answer may be anything.

    The bound covers the rounding of the midpoint to float64 too.
    """
    columns = _columns(part)
    rows = np.empty((part.batch[0], 3, max(at.stop for at in columns.values())))
    rows[:, 0], rows[:, 1], rows[:, 2] = np.nan, np.inf, 1.0
    for name, enclosures in answers.items():
        each = enclosures.reshape(part.batch[0], -1)
        middle = midpoints(each)
        held = np.array([finite(one.ball) for one in each.ravel()], dtype=bool).reshape(each.shape)
        within = np.where(np.isfinite(middle), middle, 0.0)
        at = columns[name]
        rows[:, 0, at] = middle
        rows[:, 1, at] = radii(each) + 0.5 * ulp(within, FLOAT64)
        rows[:, 2, at] = held & np.isinf(middle)
    return rows


def _question(part: Call) -> tuple[Any, Mapping[str, Any], Mapping[str, Any], str, dict[str, str]]:
    """Each sample alone: not reduced, and no axis folded."""
    loss = part.loss
    if "none" not in loss.reductions:
        loss = loss.model_copy(update={"reductions": {**loss.reductions, "none": Reduction()}})
    return loss, part.inputs, part.parameters, "none", _choices(part)


def _choices(part: Call) -> dict[str, str]:
    choices = dict(part.choices)
    if LAST_AXIS in choices:
        choices[LAST_AXIS] = "kept"
    return choices


def _part_of(call: Call, samples: np.ndarray) -> Call:
    """Some samples of a call, as plain arrays along one batch axis."""
    inputs = {
        name: _flat(_plain(array), call.batch, has_classes(call.loss, name))[samples]
        for name, array in call.inputs.items()
    }
    parameters = {name: _plain(value) for name, value in call.parameters.items()}
    for name in _rows_apart(call):
        parameters[name] = _flat(np.asarray(parameters[name]), call.batch, False)[samples]
    return Call(call.loss, inputs, parameters, call.reduction, call.choices)


def _flat(array: Any, batch: tuple[int, ...], classes: bool) -> Any:
    tail = array.shape[-1:] if classes else ()
    return np.broadcast_to(array, batch + tail).reshape(-1, *tail)


def _plain(value: Any) -> Any:
    return values_of(value) if isinstance(value, Bounded) else value
