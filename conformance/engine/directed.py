"""A case along a direction: how value and gradient truly move, and what programs may be off by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache

import numpy as np

from conformance import oracle
from conformance.cases.case import Case
from conformance.cases.direction import at_end
from conformance.engine.judge import Held
from conformance.engine.standard import Indices, Limits, Program, envelope, ideal
from conformance.numerics.arithmetic import IDEAL64, Arithmetic
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.differentiated import (
    along_gradient,
    pulled,
    pulled_apart,
    pushed,
    pushed_apart,
)
from conformance.numerics.formats import FLOAT64, Floats, ulp
from conformance.oracle import Enclosures, midpoints, radii
from conformance.oracle.evaluation import Identity

VALUE = ""
"""The name under which the derivative of the value stands beside those of the gradients."""

Runs = Mapping[str, Bounded]


@dataclass(frozen=True)
class Question:
    """What the oracle is asked; targets that share the conventions share the answer."""

    loss: Identity
    digest: str
    choices: tuple[tuple[str, str], ...]
    direction: bytes
    case: Case = field(compare=False)
    tangents: Mapping[str, Floats] = field(compare=False)
    cotangent: Floats = field(compare=False)


@lru_cache(maxsize=256)
def _answer(question: Question) -> Mapping[str, Enclosures]:
    """By name. Raises PrecisionError."""
    case = question.case
    found = oracle.directional(
        question.loss.loss, case.inputs, case.parameters, question.tangents, case.reduction,
        dict(question.choices), question.cotangent,
    )  # fmt: skip
    return {VALUE: found.forward, **found.second}


@dataclass(frozen=True)
class Directed:
    """A case held against one target's practice, along `tangents` and a cotangent."""

    held: Held
    tangents: Mapping[str, Floats]
    cotangent: Floats

    @cached_property
    def truth(self) -> Mapping[str, Enclosures]:
        held, directions = self.held, [*self.tangents.values(), self.cotangent]
        return _answer(
            Question(
                Identity(held.loss),
                held.case.digest(),
                tuple(held.practice.choices.items()),
                b"".join(each.tobytes() for each in directions),
                held.case,
                self.tangents,
                self.cotangent,
            )
        )

    def expected(self, name: str) -> Floats:
        return midpoints(self.truth[name])

    def decided(self, name: str) -> Indices:
        """The elements that have a derivative, flat: no kink, no infinity, no end of a domain.

        What is not finite itself has none either, nor anything behind the mean of nothing.
        """
        held, value = self.held, self.held.value()
        of = value if name == VALUE else held.gradients(self.cotangent)[name]
        there = np.isfinite(self.expected(name)) & np.isfinite(of)
        if name != VALUE:
            there = there & ~at_end(held.case, held.loss, name)
        if value.ndim == 0:
            there = there & np.isfinite(value)
        smooth = [not each.kink for each in self.truth[name].ravel()]
        return np.flatnonzero(np.array(smooth, dtype=bool) & there.reshape(-1))

    def limits_at(
        self, name: str, among: Indices, *, back: bool = False
    ) -> Callable[[Indices], Limits]:
        """The bounds of elements, numbered within `among`, when they are asked for.

        With `back` those of the value that was found by way back through the gradient.
        """

        def at(elements: Indices) -> Limits:
            def pick(each: Bounded) -> Bounded:
                return _lost(each).reshape(-1)[among[elements]]

            own = self._of_value if name == VALUE else self._of_gradients
            if back:
                own = [*own, *self._to_cotangent]
            return Limits(
                envelope([pick(run[name]) for run in own]),
                pick(self._best(name == VALUE)[name]),
                lambda: pick(self._exact(name)),
            )

        return at

    def _exact(self, name: str) -> Bounded:
        """The midpoint, off by the radius and by its own rounding to float64."""
        middle = self.expected(name)
        return bounded(middle, IDEAL64, radii(self.truth[name]) + 0.5 * ulp(middle, FLOAT64))

    @cached_property
    def _of_value(self) -> list[Runs]:
        """Each order of the value followed forward, and each of the gradient along the tangents."""
        practice, given = self.held.practice, self.held.given
        under, ones = self._stepwise, np.ones(self.truth[VALUE].shape)
        runs: list[Runs] = [
            follow(program, under, given.positional, given.keywords, self._moving)
            for program in (*practice.values, *self._beside(self.held.reference.value))
            for follow in (pushed, pushed_apart)
        ]
        for program in practice.gradients:
            whole = along_gradient(
                program, under, (*given.positional, ones), given.keywords, self._moving,
                [*self.held.loss.inputs], ones.shape,
            )  # fmt: skip
            runs.append({VALUE: whole})
        return runs

    @cached_property
    def _of_gradients(self) -> list[Runs]:
        """Each order of the gradient, followed forward and walked back."""
        given, names = self.held.given, [*self.held.loss.inputs]
        arguments = (*given.positional, self.cotangent)
        runs: list[Runs] = []
        best = self.held.reference.gradient
        for program in (*self.held.practice.gradients, *self._beside(best)):
            asked = (program, self._stepwise, arguments, given.keywords, self._moving)
            runs += [follow(*asked) for follow in (pushed, pushed_apart)]
            runs += [follow(*asked, names) for follow in (pulled, pulled_apart)]
        return runs

    @cached_property
    def _to_cotangent(self) -> list[Runs]:
        """Each order of the gradient, walked back to its cotangent."""
        given = self.held.given
        arguments = (*given.positional, self.cotangent)
        names, by = [*self.held.loss.inputs, VALUE], [len(given.positional)]
        best = self.held.reference.gradient
        return [
            follow(program, self._stepwise, arguments, given.keywords, self._moving, names, by)
            for program in (*self.held.practice.gradients, *self._beside(best))
            for follow in (pulled, pulled_apart)
        ]

    def _beside(self, best: Program) -> tuple[Program, ...]:
        """Where the order is not known it may be the reference's, whose slope goes another way."""
        return (best,) if len(self.held.practice.gradients) > 1 else ()

    @cached_property
    def _best(self) -> Callable[[bool], Runs]:
        """The reference's own programs, followed forward in wide arithmetic."""
        reference, given = self.held.reference, self.held.given

        @cache
        def best(of_value: bool) -> Runs:
            program = reference.value if of_value else reference.gradient
            whole = given.positional if of_value else (*given.positional, self.cotangent)
            under = ideal(self.held.practice)
            return pushed(program, under, whole, given.keywords, self._moving)

        return best

    @cached_property
    def _moving(self) -> dict[int, Floats]:
        names = [*self.held.loss.inputs]
        return {names.index(name): tangent for name, tangent in self.tangents.items()}

    @cached_property
    def _stepwise(self) -> Arithmetic:
        """A derivative of a derivative is composed of the framework's single operations."""
        return replace(self.held.practice.arithmetic, each_op=True)


def _lost(run: Bounded) -> Bounded:
    """Where an honest order has no number itself, or may have any, something left the range."""
    gone = ~np.isfinite(run.value) | ~np.isfinite(run.bound)
    if not gone.any():
        return run
    return Bounded(run.state._replace(overflow=run.overflow | gone), run.arithmetic)
