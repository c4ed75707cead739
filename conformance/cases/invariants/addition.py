"""Invariants of sums: what may be added to inputs, factors of them, points between them.

Inputs are made coarse first, so that each sum is exact and no rounding is to be excused.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.cases.case import Array
from conformance.cases.exactness import coarse, floats, largest_shift, room, scaled
from conformance.cases.relation import Claim, Relation, Setting, Term, mapped
from conformance.cases.roles import CLASSES
from conformance.cases.streams import Floats
from conformance.numerics.formats import FORMATS, Format

_SCALE = 3
"""Homogeneous: the exponent of the factor."""


def shift(setting: Setting) -> Iterator[Relation]:
    """One number a sample added to its logits, large enough that exp of the sum overflows."""
    form = FORMATS[setting.case.dtype]
    name = next(
        each for each, given in setting.loss.inputs.items()
        if given.shape == CLASSES and given.kind == "real"
    )  # fmt: skip
    logits = setting.case.inputs[name]
    power = room(form, logits, least=largest_shift(form))
    if power is None:
        return
    plain = coarse(logits, power, form)
    signs = np.where(np.arange(logits[..., 0].size) % 2, -1.0, 1.0).reshape(logits.shape[:-1])
    left = setting.side(0, inputs={name: plain + power * signs[..., None]})
    yield setting.relation((left, setting.side(1, inputs={name: plain})), *mapped(setting))


def translation(setting: Setting) -> Iterator[Relation]:
    form = FORMATS[setting.case.dtype]
    power = room(form, *setting.case.inputs.values())
    if power is None:
        return
    plain = {name: coarse(array, power, form) for name, array in setting.case.inputs.items()}
    moved: dict[str, Array] = {name: array + power for name, array in plain.items()}
    sides = setting.side(0, inputs=moved), setting.side(1, inputs=dict(plain))
    yield setting.relation(sides, *mapped(setting))


def homogeneous(setting: Setting) -> Iterator[Relation]:
    form, degree = FORMATS[setting.case.dtype], setting.invariant.degree or 1
    for word, exponent in (("more", _SCALE), ("less", -_SCALE)):
        made: dict[str, Array] = {}
        for name, array in setting.case.inputs.items():
            larger = scaled(array, exponent, form)
            if larger is None:
                return
            made[name] = larger
        sides = setting.side(0, word=word, inputs=made), setting.side(1, word=word)
        claims = mapped(
            setting, factor=2.0 ** (exponent * degree), slope=2.0 ** (exponent * (degree - 1))
        )
        yield setting.relation(sides, *claims, word=word)


def convex(setting: Setting) -> Iterator[Relation]:
    """Half-way between two points the loss is at most half the sum of theirs."""
    form = FORMATS[setting.case.dtype]
    middle: dict[str, Array] = {}
    ends: tuple[dict[str, Array], dict[str, Array]] = {}, {}
    for name in setting.invariant.of or setting.floating:
        found = _segment(setting, name, form)
        if found is None:
            return
        plain, step = found
        middle[name], ends[0][name], ends[1][name] = plain, plain - step, plain + step
    sides = (
        setting.side(0, inputs=middle),
        *(setting.side(number, inputs=end) for number, end in enumerate(ends, 1)),
    )
    yield setting.relation(sides, Claim(None, (Term(1, 0.5), Term(2, 0.5)), sense="<="))


def _segment(setting: Setting, name: str, form: Format) -> tuple[Floats, Floats] | None:
    """Middle and half the segment: to the next sample's numbers, or to the end of the domain."""
    array = floats(setting.case.inputs[name])
    domain = setting.loss.inputs[name].domain(dict(setting.case.parameters))
    if (domain.low, domain.high) == (0.0, 1.0):
        plain = coarse(array, 0.5, form)
        return plain, coarse(0.5 * np.minimum(plain, 1.0 - plain), 0.5, form)
    power = room(form, array)
    if power is None:
        return None
    plain = coarse(array, power, form)
    return plain, np.roll(plain, 1)


def linear(setting: Setting) -> Iterator[Relation]:
    """The loss of the sum of two tables is the sum of their losses, its slope that of each."""
    form, (name, *_) = FORMATS[setting.case.dtype], setting.floating
    array = setting.case.inputs[name]
    power = room(form, array)
    if power is None:
        return
    one = coarse(array, power, form)
    other = np.roll(one, 1)
    tables = (one + other, one, other)
    sides = tuple(setting.side(number, inputs={name: each}) for number, each in enumerate(tables))
    gradient = Claim(name, (Term(1, input=name),))
    yield setting.relation(sides, Claim(None, (Term(1), Term(2))), gradient)
