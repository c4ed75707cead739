"""Invariants of samples that are left out: what they hold is nothing, they themselves are nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.cases.case import Array, Value, frozen
from conformance.cases.exactness import floats
from conformance.cases.relation import Claim, Move, Relation, Setting, Term, placed, same
from conformance.cases.roles import CLASSES
from conformance.cases.streams import Integers

_EVERY = 3
"""Of every so many samples one is marked."""


def _marks(setting: Setting) -> dict[str, int]:
    """A mark of each kind: negative, one of the classes, the first number past them."""
    classes = setting.classes
    return {"negative": -1, "one-of-them": classes // 2, "past-them": classes}


def _marked(
    setting: Setting, mark: int
) -> tuple[dict[str, Array], dict[str, Value], Integers] | None:
    """Targets and parameters under a mark, and the places of what is kept; None if all or none is."""
    name, declared = next((k, each) for k, each in setting.loss.inputs.items() if each.also)
    assert declared.also is not None
    target = np.array(setting.case.inputs[name], dtype=np.int64)
    before = setting.case.parameters.get(
        declared.also, setting.loss.parameters[declared.also].default
    )
    flat = target.reshape(-1)
    marked = (flat == before) | (np.arange(flat.size) % _EVERY == 1) | (flat == mark)
    kept = np.flatnonzero(~marked)
    if not 0 < kept.size < flat.size:
        return None
    flat[marked] = mark
    return {name: target}, {**setting.case.parameters, declared.also: mark}, kept


def irrelevant(setting: Setting) -> Iterator[Relation]:
    """Ignored samples hold NaN on one side: value and gradients are those of the other."""
    for word, mark in _marks(setting).items():
        found = _marked(setting, mark)
        if found is None:
            continue
        inputs, parameters, kept = found
        (name, *_) = setting.floating
        poisoned = np.full(setting.case.inputs[name].shape, np.nan)
        width = poisoned.shape[len(setting.batch) :]
        rows = poisoned.reshape(-1, *width)
        rows[kept] = floats(setting.case.inputs[name]).reshape(-1, *width)[kept]
        sides = (
            setting.side(0, word=word, inputs={**inputs, name: poisoned}, parameters=parameters),
            setting.side(1, word=word, inputs=inputs, parameters=parameters),
        )
        claims = (Claim(each, (Term(input=each),)) for each in (None, name))
        yield replace(setting.relation(sides, *claims, word=word), poisoned=True)


def removed(setting: Setting) -> Iterator[Relation]:
    """Without its ignored samples a batch has the same loss, and the same gradients at the rest."""
    batch, case = setting.batch, setting.case
    for word, mark in _marks(setting).items():
        found = _marked(setting, mark)
        if found is None:
            continue
        inputs, parameters, kept = found
        whole = setting.side(0, word=word, inputs=inputs, parameters=parameters)
        cotangent = case.cotangent_for(setting.output)
        least = {name: _rows(whole.inputs[name], batch)[kept] for name in setting.loss.inputs}
        rest = {name: each for name, each in parameters.items() if name not in _also(setting)}
        sides = (
            whole,
            setting.side(
                1, word=word, inputs=least, parameters=rest,
                cotangent=cotangent.reshape(-1)[kept] if setting.output else cotangent,
            ),
        )  # fmt: skip
        back = _restored(kept, batch)
        claims = [Claim(None, (Term(move=back if setting.output else same),))]
        claims += [Claim(name, (Term(move=back, input=name),)) for name in setting.floating]
        yield setting.relation(sides, *claims, word=word)


def _also(setting: Setting) -> set[str]:
    return {each.also for each in setting.loss.inputs.values() if each.also}


def _rows(array: Array, batch: tuple[int, ...]) -> Array:
    return frozen(array.reshape(-1, *array.shape[len(batch) :]))


def _restored(kept: Integers, batch: tuple[int, ...]) -> Move:
    """What is kept, back at its places in the batch, with zeros where something was left out."""
    size = int(np.prod(batch, dtype=int))
    spread = placed(kept, size)
    return lambda array: spread(array).reshape(*batch, *array.shape[1:])


def improbable_class(setting: Setting) -> Iterator[Relation]:
    """One class more, which nothing is likely to be: its column has no gradient."""
    case, loss, classes = setting.case, setting.loss, setting.classes
    inputs, parameters = dict(case.inputs), dict(case.parameters)
    for name, declared in loss.inputs.items():
        if declared.shape == CLASSES:
            fill = -np.inf if declared.domain().low < 0 else 0.0
            inputs[name] = _wider(inputs[name], fill)
    for name, value in parameters.items():
        if loss.parameters[name].shape == "classes" and isinstance(value, np.ndarray):
            parameters[name] = floats(_wider(value, 1.0))
    sides = setting.side(0, inputs=inputs, parameters=parameters), setting.side(1)
    wide = placed(np.arange(classes), classes + 1, -1)
    yield setting.relation(
        sides,
        Claim(None, (Term(),)),
        Claim(setting.floating[0], (Term(move=wide, input=setting.floating[0]),)),
    )


def _wider(array: Array, fill: float) -> Array:
    more = np.full((*array.shape[:-1], 1), fill)
    return np.concatenate([floats(array), more], axis=-1)
