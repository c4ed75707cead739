"""What an invariant claims of the results of a few calls: equations and inequalities, all linear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from conformance.cases.case import Array, Case, Value, frozen
from conformance.cases.identities import MARK
from conformance.cases.sample import batch_of, class_count
from conformance.cases.streams import Floats, Integers, Shape
from conformance.specs.models import Invariant, Loss

Move = Callable[[Floats], Floats]
"""Entries elsewhere, copied, added up or beside zeros: linear, and no coefficient below zero."""

Sense = Literal["=", "<=", ">="]


def same(array: Floats) -> Floats:
    return array


@dataclass(frozen=True)
class Term:
    """A result of the side `of`, times a factor that no rounding touches.

    `input`: of its gradient with respect to that. `shared`: times the divisor of that side's
    reduction over the divisor of the first side's.
    """

    of: int = 1
    factor: float = 1.0
    move: Move = same
    input: str | None = None
    shared: bool = False


@dataclass(frozen=True)
class Claim:
    """The first side's value, or its gradient by `input`, against a sum of terms (zero of none)."""

    input: str | None = None
    terms: tuple[Term, ...] = ()
    move: Move = same
    sense: Sense = "="


@dataclass(frozen=True, eq=False)
class Relation:
    """Sides of an invariant, the first one against the others; `name` is unique in its base case.

    `poisoned`: the first side holds NaN that is to change nothing. No program has a bound on that,
    so that it is held to the bounds of the second one.
    """

    name: str
    invariant: Invariant
    sides: tuple[Case, ...]
    claims: tuple[Claim, ...]
    poisoned: bool = False


@dataclass(frozen=True, eq=False)
class Setting:
    """A case that an invariant is tried on. `folded`: its target takes the last axis away."""

    case: Case
    loss: Loss
    invariant: Invariant
    folded: bool = False

    @property
    def batch(self) -> Shape:
        return batch_of(self.case.inputs, self.loss)

    @property
    def classes(self) -> int:
        return class_count(self.case.inputs, self.loss)

    @property
    def output(self) -> Shape:
        """The shape of the value."""
        if self.case.reduction != "none":
            return ()
        return self.batch[:-1] if self.folded else self.batch

    @property
    def floating(self) -> tuple[str, ...]:
        return tuple(name for name, each in self.loss.inputs.items() if each.kind == "real")

    def side(
        self,
        number: int,
        *,
        word: str = "",
        inputs: Mapping[str, Array] | None = None,
        parameters: Mapping[str, Value] | None = None,
        cotangent: Floats | None = None,
        reduction: str | None = None,
    ) -> Case:
        """The case changed, under the id of a side; one that is drawn has the base's cotangents."""
        base = self.case
        name = f"{self.invariant.name}{word and '.'}{word}"
        changed = {} if inputs is None else {key: frozen(each) for key, each in inputs.items()}
        cotangents = base.cotangents
        if cotangent is not None:
            cotangents = replace(cotangents, pinned=np.asarray(cotangent, dtype=np.float64))
        return replace(
            base,
            id=f"{base.id}/{MARK}{name}" + (f"+{number}" if number else ""),
            inputs={**base.inputs, **changed},
            parameters=base.parameters if parameters is None else dict(parameters),
            reduction=reduction or base.reduction,
            cotangents=cotangents,
        )

    def relation(self, sides: tuple[Case, ...], *claims: Claim, word: str = "") -> Relation:
        name = f"{self.invariant.name}{word and '.'}{word}"
        return Relation(name, self.invariant, sides, claims)


def mapped(
    setting: Setting,
    value: Move = same,
    inputs: Move = same,
    *,
    factor: float = 1.0,
    slope: float = 1.0,
) -> tuple[Claim, ...]:
    """Value and gradients are those of the second side, moved and multiplied."""
    gradients = (Claim(name, (Term(1, slope, inputs, name),)) for name in setting.floating)
    return (Claim(None, (Term(1, factor, value),)), *gradients)


def taken(index: Integers, axis: int = 0) -> Move:
    return lambda array: np.take(array, index, axis)


def placed(index: Integers, size: int, axis: int = 0) -> Move:
    """The entries at these indices of an axis, zeros in its other places."""

    def move(array: Floats) -> Floats:
        shape = list(array.shape)
        shape[axis] = size
        whole = np.zeros(shape)
        np.moveaxis(whole, axis, 0)[index] = np.moveaxis(array, axis, 0)
        return whole

    return move
