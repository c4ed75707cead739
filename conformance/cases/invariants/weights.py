"""Invariants of weights: factors of them, and weights of one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.cases.case import Value, frozen
from conformance.cases.exactness import floats, scaled
from conformance.cases.relation import Relation, Setting, mapped
from conformance.cases.streams import Floats, Shape, Stream
from conformance.numerics.formats import BFLOAT16, FLOAT16, FORMATS, round_to

_FACTOR, _SMALL = 4, {FLOAT16: -8, BFLOAT16: -20}
_TINY = -40
"""Exponents of a factor on weights: a common one, and one that shows what was added to their sum."""


def linear(setting: Setting) -> Iterator[Relation]:
    """A sum has no divisor that the weights could change, and neither has what is not reduced."""
    reduction = setting.case.reduction if setting.case.reduction == "none" else "sum"
    if reduction in setting.loss.reductions:
        yield from _scaled(setting, _FACTOR, reduction, 2.0**_FACTOR)


def scale_free(setting: Setting) -> Iterator[Relation]:
    exponent = _SMALL.get(FORMATS[setting.case.dtype], _TINY)
    yield from _scaled(setting, exponent, "mean", 1.0)


def _scaled(setting: Setting, exponent: int, reduction: str, factor: float) -> Iterator[Relation]:
    name, case = "weight", setting.case
    given = case.parameters.get(name)
    weight = floats(given) if isinstance(given, np.ndarray) else _drawn(setting, name)
    larger = scaled(weight, exponent, FORMATS[case.dtype])
    if larger is None or not weight.any():
        return
    sides = tuple(
        setting.side(number, parameters={**case.parameters, name: _kept(each)}, reduction=reduction)
        for number, each in enumerate((larger, weight))
    )
    yield setting.relation(sides, *mapped(setting, factor=factor, slope=factor))


def _drawn(setting: Setting, name: str) -> Floats:
    drawn = Stream(setting.case.id, name).between(0.125, 2.0, _shape(setting, name))
    return round_to(drawn, FORMATS[setting.case.dtype])


def _shape(setting: Setting, name: str) -> Shape:
    per_class = setting.loss.parameters[name].shape == "classes"
    return (setting.classes,) if per_class else setting.batch


def _kept(weight: Floats) -> Value:
    return floats(frozen(weight))


def unit(setting: Setting) -> Iterator[Relation]:
    """Each weight alone: ones of the shape that it has in full, against none at all."""
    loss, parameters = setting.loss, setting.case.parameters
    optional = [name for name, each in loss.parameters.items() if each.optional and each.shape]
    for name in setting.invariant.of or optional:
        without = {key: value for key, value in parameters.items() if key != name}
        ones: dict[str, Value] = {**without, name: _kept(np.ones(_shape(setting, name)))}
        sides = (
            setting.side(0, word=name, parameters=ones),
            setting.side(1, word=name, parameters=without),
        )
        yield setting.relation(sides, *mapped(setting), word=name)
