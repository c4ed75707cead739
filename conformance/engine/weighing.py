"""How far the sides of a relation lie apart, and how far they may: by the programs of each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from conformance.cases.relation import Claim, Relation, Term
from conformance.engine.divisor import divisor
from conformance.engine.judge import Held, Judgement
from conformance.engine.standard import envelope, ideal
from conformance.numerics.arithmetic import IDEAL64
from conformance.numerics.bounded import Bounded
from conformance.numerics.classification import NEAR_MISS, Class
from conformance.numerics.estimate import Mask
from conformance.numerics.formats import FLOAT64, Floats, ulp
from conformance.numerics.program import run_bounded

Results = Sequence[Floats]
"""An array of each side: its value, or its gradient by the input that a claim asks for."""


Of = Literal["own", "ideal", "truth"]
"""Whose errors: of the target's programs, of the reference rounded as the target rounds at best, or
of the reference itself."""


@dataclass(frozen=True)
class Gap:
    """Element by element, both absolute and of the shape of the first side after its move."""

    actual: Floats
    expected: Floats
    apart: Floats
    allowed: Floats

    @property
    def over(self) -> Mask:
        return np.asarray(self.apart > self.allowed)


@dataclass(frozen=True, eq=False)
class Weighing:
    """The sides of a relation, each held to its own case; cotangents as the calls were given."""

    relation: Relation
    held: tuple[Held, ...]
    cotangents: tuple[Floats | None, ...]
    made: dict[tuple[int, Of, bool], tuple[Any, ...]] = field(default_factory=dict)

    def gap(self, claim: Claim, results: Results) -> Gap:
        """What an implementation's results come to, within the bounds of its own programs."""
        return self._gap(claim, results, "own")

    def kept(self, claim: Claim) -> bool:
        """Whether the true values keep the claim under the choices that the target declares."""
        return not self._gap(claim, self._truths(claim), "truth").over.any()

    def due(self, side: int, input: str | None) -> tuple[int, ...]:
        """The shape of a side's result."""
        if input is None:
            return self.held[side].value().shape
        return self.held[side].case.inputs[input].shape

    def _truths(self, claim: Claim) -> list[Floats]:
        return [self.truth(side, input) for side, input in inputs_of(claim)]

    def truth(self, side: int, input: str | None) -> Floats:
        held, along = self.held[side], self.cotangents[side]
        if input is None:
            return held.value()
        assert along is not None
        return held.gradients(along)[input]

    def _gap(self, claim: Claim, results: Results, of: Of) -> Gap:
        with np.errstate(all="ignore"):
            actual = np.asarray(claim.move(results[0]))
            shares = [self.factor(term) for term in claim.terms]
            moved = [
                share * np.asarray(term.move(each))
                for term, share, each in zip(claim.terms, shares, results[1:], strict=True)
            ]
            expected = sum(moved, np.zeros(actual.shape))
            apart = _apart(actual, expected, claim.sense)
            if not (apart > 0).any():
                return Gap(actual, expected, apart, np.zeros(apart.shape))
            allowed, excused = self._allowed(claim, shares, of)
            allowed = allowed + self._by_hand(claim, results[0], moved, actual)
        return Gap(actual, expected, np.where(excused, 0.0, apart), np.where(excused, 0.0, allowed))

    def _allowed(self, claim: Claim, shares: Sequence[float], of: Of) -> tuple[Floats, Mask]:
        """The sum of the bounds, and where an intermediate of a side may have overflowed."""
        one, *others = (self._admitted(side, input, of) for side, input in inputs_of(claim))
        bound = np.asarray(claim.move(one.bound))
        lost = np.asarray(claim.move(one.overflow.astype(float))) > 0
        for term, share, each in zip(claim.terms, shares, others, strict=True):
            bound = bound + abs(share) * np.asarray(term.move(each.bound))
            lost = lost | (np.asarray(term.move(each.overflow.astype(float))) > 0)
        form = self.held[0].form
        bound = bound * (1.0 + 2.0**-26) + (1 + len(shares)) * form.smallest_subnormal
        return bound, lost | np.isnan(bound) | ~np.isfinite(shares).all()

    def _bounded(self, side: int, input: str | None, of: Of) -> Bounded:
        """What the programs of a side may be off by, or of the side that stands in for it."""
        side = 1 if self.relation.poisoned and side == 0 else side
        runs = self._runs(side, of, value=input is None)
        return envelope([each if input is None else each[input] for each in runs])

    def _admitted(self, side: int, input: str | None, of: Of) -> Bounded:
        """What a value or a gradient alone is held to: as good as its programs, or as the best one.

        The programs say nothing where they divide zero by zero and the loss does not.
        """
        if of == "truth":
            return self._bounded(side, input, of)
        return envelope([self._bounded(side, input, each) for each in ("own", "ideal")])

    def _runs(self, side: int, of: Of, *, value: bool) -> tuple[Any, ...]:
        key, held = (side, of, value), self.held[side]
        if key not in self.made:
            own, along = held.practice, self.cotangents[side]
            programs = own.values if value else own.gradients
            if of != "own":
                programs = (held.reference.value if value else held.reference.gradient,)
            arithmetic = {"own": own.arithmetic, "ideal": ideal(own), "truth": IDEAL64}[of]
            given = held.given.positional if value else (*held.given.positional, along)
            self.made[key] = tuple(
                run_bounded(each, arithmetic, given, held.given.keywords) for each in programs
            )
        return self.made[key]

    def factor(self, term: Term) -> float:
        """NaN where a mean is one of nothing."""
        if not term.shared:
            return term.factor
        part, whole = (
            divisor(each.case, each.loss, each.practice.choices)
            for each in (self.held[term.of], self.held[0])
        )
        return term.factor * part / whole if part and whole else np.nan

    def _by_hand(
        self, claim: Claim, first: Floats, moved: Sequence[Floats], actual: Floats
    ) -> Floats:
        """What adding and comparing the results in float64 may be off by."""
        added = first.size // max(actual.size, 1) + len(moved) + 2
        total = np.asarray(claim.move(np.abs(first))) + sum(np.abs(each) for each in moved)
        return np.nan_to_num(added * FLOAT64.unit_roundoff * total, posinf=0.0)


def inputs_of(claim: Claim) -> list[tuple[int, str | None]]:
    """Side and input of each result that the claim is about."""
    return [(0, claim.input), *((term.of, term.input) for term in claim.terms)]


def _apart(actual: Floats, expected: Floats, sense: str) -> Floats:
    """0 where the claim holds as it stands; infinite where only one side is special."""
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    apart = actual - expected
    if sense != "=":
        apart = np.maximum(apart if sense == "<=" else -apart, 0.0)
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, np.abs(apart)))


def judgement(gap: Gap, held: Held) -> Judgement:
    """The gap as a judgement, so that it is shown, explained and replayed as a value is."""
    apart, allowed = gap.apart.reshape(-1), gap.allowed.reshape(-1)
    actual, expected = (np.array(each).reshape(-1) for each in (gap.actual, gap.expected))
    failed = np.flatnonzero(apart > allowed)
    classes = np.full(apart.size, int(Class.OWN), dtype=np.int8)
    far = apart[failed] > NEAR_MISS * allowed[failed]
    classes[failed] = np.where(far, int(Class.WRONG), int(Class.EXCEEDS))
    with np.errstate(all="ignore"):
        step = ulp(np.where(np.isfinite(expected), expected, 0.0), held.form)
        ulps = np.where(np.isinf(apart), np.nan, apart / step)
        share, bound = apart[failed] / allowed[failed], allowed[failed] / step[failed]
    return Judgement(actual, expected, classes, ulps, failed, share, bound, np.ones(failed.size))
