"""Reductions in ball arithmetic: the value, and the cotangent's share of every sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flint import arb

from conformance.oracle.ball import Ball, kinks_of, merged, scaled
from conformance.oracle.extended import (
    ZERO,
    Extended,
    add,
    divide,
    extended,
    finite,
    multiply,
    negate,
)
from conformance.specs.models import Loss, SumOf

EMPTY_MEAN, LAST_AXIS = "empty-mean", "last-axis"


@dataclass(frozen=True)
class Reducer:
    """How unreduced losses over a batch become a result of `shape`.

    `fold` is how many neighbours the convention last-axis puts together, 1 where it keeps them,
    `size` how many losses that leaves; `count` is the divisor where that is a number, None where it
    is a sum over the samples.
    """

    shape: tuple[int, ...]
    reduced: bool
    size: int
    fold: int
    fold_mean: bool
    count: int | None
    zero_of_nothing: bool

    def value(self, losses: list[Extended], terms: list[Extended]) -> list[Extended]:
        """Give the result, flat; `terms` are what the samples add to the divisor."""
        if self.reduced:
            return [self._quotient(self._folded(total(losses)), self._divisor(terms))]
        groups = range(math.prod(self.shape))
        parts = [losses[i * self.fold : (i + 1) * self.fold] for i in groups]
        return [self._folded(total(part)) for part in parts]

    def gradient(self, losses: list[Ball], terms: list[Ball], cotangent: list[float]) -> list[Ball]:
        """Give each sample's slopes times the share of the cotangent that reaches it."""
        if not self.reduced:
            shares = [self._folded(extended(cotangent[i // self.fold])) for i in range(len(losses))]
            return [_weighed(loss, share) for loss, share in zip(losses, shares, strict=True)]
        divisor = self._divisor([term.value for term in terms])
        part = self._quotient(extended(cotangent[0]), divisor)
        parts = [_weighed(loss, self._folded(part)) for loss in losses]
        if not any(term.slopes for term in terms):
            return parts
        mean = self._quotient(self._folded(total([loss.value for loss in losses])), divisor)
        factor = divide(multiply(negate(part), mean), arb(self.fold))
        moved = [_weighed(term, factor) for term in terms]
        return [
            Ball(own.value, merged(own.slopes, shift.slopes), kinks_of(own, shift))
            for own, shift in zip(parts, moved, strict=True)
        ]

    def _folded(self, number: Extended) -> Extended:
        return divide(number, arb(self.fold)) if self.fold_mean else number

    def _divisor(self, terms: list[Extended]) -> Extended:
        """Terms of neighbours that are folded count as their mean; a fold of none counts one."""
        if self.count is None and self.fold:
            return divide(total(terms), arb(self.fold))
        return arb(self.size if self.count is None else self.count)

    def _quotient(self, number: Extended, divisor: Extended) -> Extended:
        if self.zero_of_nothing and finite(divisor) and divisor.is_zero():
            return ZERO
        return divide(number, divisor)


def reducer(
    loss: Loss, batch: tuple[int, ...], reduction: str, choices: Mapping[str, str]
) -> Reducer:
    """Prepare a reduction over a batch; raises ValueError for an axis that is not there."""
    chosen = loss.choices(dict(choices))
    last = chosen.get(LAST_AXIS, "kept")
    if last != "kept" and not batch:
        raise ValueError(f"inputs of {loss.id}: there is no last axis to take the {last} of")
    kept = batch if last == "kept" else batch[:-1]
    divide_by = loss.reductions[reduction].divide_by
    counts = {"size": math.prod(kept), "rows": batch[0] if batch else 1, None: 1}
    return Reducer(
        shape=kept if reduction == "none" else (),
        reduced=reduction != "none",
        size=math.prod(kept),
        fold=1 if last == "kept" else batch[-1],
        fold_mean=last == "mean",
        count=None if isinstance(divide_by, SumOf) else counts[divide_by],
        zero_of_nothing=chosen.get(EMPTY_MEAN) == "zero",
    )


def total(numbers: list[Extended]) -> Extended:
    result = ZERO
    for number in numbers:
        result = add(result, number)
    return result


def _weighed(part: Ball, share: Extended) -> Ball:
    return Ball(part.value, scaled(part.slopes, lambda slope: _shared(slope, share)), part.kinks)


def _shared(slope: Extended, share: Extended) -> Extended:
    """A settled slope of open sign is nothing in float64, and nothing times infinity is NaN."""
    if not finite(share) and finite(slope) and slope.contains(0):
        return math.nan
    return multiply(slope, share)
