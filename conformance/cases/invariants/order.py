"""Invariants of order: samples and classes in another one, prediction and target changed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.cases.case import Array, Value, frozen
from conformance.cases.exactness import coarse, floats
from conformance.cases.relation import Claim, Relation, Setting, Term, mapped, same, taken
from conformance.cases.roles import CLASSES
from conformance.cases.streams import Integers
from conformance.numerics.formats import FORMATS

Rows = Callable[[Array], Array]


def of_samples(setting: Setting, rows: Rows) -> tuple[dict[str, Array], dict[str, Value]]:
    """Inputs and parameters with their first batch axis changed, where they have one."""
    batch = setting.batch
    inputs = {name: rows(array) for name, array in setting.case.inputs.items()}
    parameters = dict(setting.case.parameters)
    for name, value in parameters.items():
        if setting.loss.parameters[name].shape != "*batch" or not isinstance(value, np.ndarray):
            continue
        if value.ndim == len(batch) and value.shape[:1] == batch[:1]:
            parameters[name] = floats(rows(value))
    return inputs, parameters


def samples(setting: Setting) -> Iterator[Relation]:
    """The first sample stays, the others come in reversed order."""
    size = setting.batch[0] if setting.batch else 0
    if size < 2:
        return
    index = -np.arange(size) % size
    move = taken(index)
    inputs, parameters = of_samples(setting, lambda array: frozen(np.take(array, index, 0)))
    value = move if setting.output else same
    cotangent = value(setting.case.cotangent_for(setting.output))
    left = setting.side(0, inputs=inputs, parameters=parameters, cotangent=cotangent)
    yield setting.relation((left, setting.side(1)), *mapped(setting, value, move))


def classes(setting: Setting) -> Iterator[Relation]:
    """Every class moves up by one, the last one to the front."""
    size = setting.classes
    if size < 2:
        return
    order = np.roll(np.arange(size), 1)
    move = taken(order, -1)
    inputs = dict(setting.case.inputs)
    parameters = dict(setting.case.parameters)
    for name, declared in setting.loss.inputs.items():
        if declared.shape == CLASSES:
            inputs[name] = move(floats(inputs[name]))
        else:
            inputs[name] = _renamed(np.asarray(inputs[name], dtype=np.int64), order)
            mark = parameters.get(declared.also or "")
            if declared.also and isinstance(mark, int):
                parameters[declared.also] = int(_renamed(np.asarray(mark), order))
    for name, value in parameters.items():
        if setting.loss.parameters[name].shape == "classes" and isinstance(value, np.ndarray):
            parameters[name] = move(value)
    left = setting.side(0, inputs=inputs, parameters=parameters)
    yield setting.relation((left, setting.side(1)), *mapped(setting, same, move))


def _renamed(index: Integers, order: Integers) -> Integers:
    """Class indices after the classes moved; what is none of them stays."""
    inside = (index >= 0) & (index < order.size)
    return np.where(inside, np.argsort(order)[np.where(inside, index, 0)], index)


def symmetric(setting: Setting) -> Iterator[Relation]:
    one, other = list(setting.loss.inputs)[:2]
    given = setting.case.inputs
    left = setting.side(0, inputs={one: given[other], other: given[one]})
    claims = [Claim(None, (Term(),))]
    claims += [Claim(name, (Term(input=twin),)) for name, twin in ((one, other), (other, one))]
    yield setting.relation((left, setting.side(1)), *claims)


def complement(setting: Setting) -> Iterator[Relation]:
    """Probabilities and targets from one, logits with the other sign."""
    form = FORMATS[setting.case.dtype]
    right: dict[str, Array] = {}
    left: dict[str, Array] = {}
    for name, array in setting.case.inputs.items():
        if setting.loss.inputs[name].domain().low == 0.0:
            right[name] = coarse(array, 0.5, form)
            left[name] = 1.0 - floats(right[name])
        else:
            right[name], left[name] = array, -floats(array)
    sides = setting.side(0, inputs=left), setting.side(1, inputs=right)
    yield setting.relation(sides, *mapped(setting, slope=-1.0))
