"""Invariants of a batch: of parts joined, of many copies, and of a wider dtype."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.cases.case import Array, Case, frozen
from conformance.cases.invariants.order import of_samples
from conformance.cases.relation import Claim, Move, Relation, Setting, Term, mapped, placed, same
from conformance.cases.streams import Floats, Integers
from conformance.numerics.formats import FLOAT64, FORMATS, representable

_FEW, _COPIES = 512, (64, 2)
"""Of at most so many numbers there are many copies, of others two: powers of two, to divide by."""


def parts(setting: Setting) -> Iterator[Relation]:
    """Two halves of a batch against the whole, and the batch against copies of it."""
    size = setting.batch[0] if setting.batch else 0
    if not size or (setting.case.reduction == "none" and not setting.output):
        return  # a mean over the whole of the last axis is no loss of a part
    yield from _halves(setting, size)
    yield _copies(setting)


def _halves(setting: Setting, size: int) -> Iterator[Relation]:
    if size < 2:
        return
    halves = np.arange(size)[: size // 2], np.arange(size)[size // 2 :]
    sides = (
        setting.side(0, word="halves"),
        *(_part(setting, number, index) for number, index in enumerate(halves, 1)),
    )
    shared = setting.case.reduction not in ("none", "sum")

    def terms(input: str | None, each: tuple[Move, Move]) -> tuple[Term, ...]:
        return tuple(Term(k, 1.0, each[k - 1], input, shared) for k in (1, 2))

    joined = placed(halves[0], size), placed(halves[1], size)
    value = joined if setting.output else (same, same)
    slopes = (Claim(name, terms(name, joined)) for name in setting.floating)
    yield setting.relation(sides, Claim(None, terms(None, value)), *slopes, word="halves")


def _part(setting: Setting, number: int, index: Integers) -> Case:
    inputs, parameters = of_samples(setting, lambda array: array[index])
    cotangent = setting.case.cotangent_for(setting.output)
    return setting.side(
        number, word="halves", inputs=inputs, parameters=parameters,
        cotangent=cotangent[index] if setting.output else cotangent,
    )  # fmt: skip


def _copies(setting: Setting) -> Relation:
    case, word = setting.case, "copies"
    times = _COPIES[sum(array.size for array in case.inputs.values()) > _FEW]

    def repeated(array: Array) -> Array:
        return frozen(np.concatenate([array] * times))

    def move(array: Floats) -> Floats:
        return np.concatenate([array] * times)

    inputs, parameters = of_samples(setting, repeated)
    value = move if setting.output else same
    cotangent = value(case.cotangent_for(setting.output))
    left = setting.side(0, word=word, inputs=inputs, parameters=parameters, cotangent=cotangent)
    reduced = case.reduction not in ("none", "sum")
    claims = mapped(
        setting, value, move,
        factor=float(times) if case.reduction == "sum" else 1.0,
        slope=1.0 / times if reduced else 1.0,
    )  # fmt: skip
    return setting.relation((left, setting.side(1, word=word)), *claims, word=word)


def wider(setting: Setting) -> Iterator[Relation]:
    """The same numbers in float64."""
    form = FORMATS[setting.case.dtype]
    if form is FLOAT64:
        return
    cotangent = setting.case.cotangent_for(setting.output)
    assert representable(cotangent, form).all()
    left = setting.side(0, cotangent=cotangent)
    right = replace(setting.side(1, cotangent=cotangent), dtype=FLOAT64.name)
    yield setting.relation((left, right), *mapped(setting))
