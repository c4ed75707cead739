"""Equations between losses, and between the reductions of one, on the target itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conformance.cases.case import Case
from conformance.cases.identities import Equation, equation
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault, value_fault
from conformance.engine.divisor import divisor
from conformance.engine.judge import Held, judge
from conformance.engine.misreduced import suspect
from conformance.engine.standard import envelope
from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.bounded import Bounded
from conformance.numerics.estimate import Mask
from conformance.numerics.formats import Floats
from conformance.numerics.program import run_bounded
from conformance.results.verdict import Kind
from conformance.specs.models import Identity
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Outcome

IDENTITY, REDUCTION = "identity", "reduction"
REDUCTIONS = ("sum-is-n-means", "none-reduced-by-hand")


def property_of(identity: Identity) -> str:
    return REDUCTION if identity.id in REDUCTIONS else IDENTITY


def tasks(block: Block, cases: Sequence[Case], book: Book, name: str) -> Iterator[Task]:
    """The equations of one property; each asks the target for both of its sides."""
    for identity in block.loss.identities:
        if property_of(identity) != name:
            continue
        for case in cases:
            found = equation(case, block.loss, identity, block.losses)
            if found is None:
                continue
            sides = [block.bound(each, gradient=()) for each in (found.left, found.right)]
            refused = next((each for each in sides if isinstance(each, NotApplicable)), None)
            if refused is not None:
                book.skip(name, refused.reason)
                continue
            calls = tuple(each for each in sides if isinstance(each, Call))
            yield Task(found.left.id, calls, _judge(block, found, calls, name, identity.text))


def _judge(
    block: Block, found: Equation, calls: Sequence[Call], name: str, text: str
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        values = [each.value.values for each in outcomes if each.value is not None]
        if len(values) < 2:
            return  # the call itself failed, which `value` reports
        sides = Sides(block.held(found.left), block.held(found.right), found)
        due = [sides.left.value().shape, sides.right.value().shape]
        if [each.shape for each in values] != due:
            return  # of another shape, which `shape` reports
        gap, allowed = sides.residue(*values)
        fault = None
        if np.any(gap > allowed):
            worst = int(np.argmax(gap - allowed))
            kind: Kind = "reduction" if name == REDUCTION else "identity"
            note = (
                f"{text}: the sides differ by {gap.reshape(-1)[worst]:.3g}, "
                f"{allowed.reshape(-1)[worst]:.3g} allowed"
            )
            if name == REDUCTION:
                note += sides.suspect(*values)
            told = [_told(value) for value in values]
            behind = tuple(sides.departures(calls, values))
            fault = Fault(
                name, kind, found.left, calls[0], note,
                expected=told[1], actual=told[0], behind=behind,
            )  # fmt: skip
        book.check(name, found.left, fault)

    return judged


def _told(values: Floats) -> str:
    flat = values.reshape(-1)
    return ", ".join(f"{each:.17g}" for each in flat[:4].tolist()) + (" ..." * (flat.size > 4))


@dataclass(frozen=True)
class Sides:
    """Both sides of an equation, each held to its own loss and to the target's practice of it."""

    left: Held
    right: Held
    found: Equation

    def residue(self, left: Floats, right: Floats) -> tuple[Floats, Floats]:
        """How far the sides lie apart, and how far they may: both absolute, of one shape.

        Zero where both are the same special value or an intermediate may have overflowed.
        """
        with np.errstate(all="ignore"):
            apart, bound, overflow = self._compared(left, right)
            bound = bound * (1.0 + 2.0**-26) + 2.0 * self.left.form.smallest_subnormal
        return np.where(overflow | np.isnan(bound), 0.0, apart), bound

    def departures(self, calls: Sequence[Call], values: Sequence[Floats]) -> Iterator[Fault]:
        """The sides that are wrong by themselves, from which a gap between them follows."""
        for held, call, value in zip((self.left, self.right), calls, values, strict=True):
            judged = judge(value, held.value(), held.form, held.value_limits_at)
            if judged.failed.size:
                yield value_fault("value", held.case, call, judged, None)

    def suspect(self, left: Floats, right: Floats) -> str:
        """What may be wrong with a reduction, in words."""
        whole, reduced, held = right, left, self.left
        if self.found.identity == "sum-is-n-means":
            whole, reduced, held = left, right, self.right
        _, allowed = self.residue(left, right)
        with np.errstate(all="ignore"):
            relative = float(np.divide(allowed, np.abs(left)).reshape(-1)[0])

        def within(arithmetic: Arithmetic) -> bool:
            with np.errstate(all="ignore"):
                apart, bound, overflow = self._under(arithmetic)._compared(left, right)
            return bool(np.all((apart <= bound) & ~overflow))

        return suspect(held, whole, reduced, relative, within)

    def _under(self, arithmetic: Arithmetic) -> Sides:
        one, other = (
            replace(each, practice=replace(each.practice, arithmetic=arithmetic))
            for each in (self.left, self.right)
        )
        return Sides(one, other, self.found)

    def _compared(self, left: Floats, right: Floats) -> tuple[Floats, Floats, Mask]:
        own_left, own_right = self._bounded(self.left), self._bounded(self.right)
        overflow = np.asarray(own_left.overflow)
        if self.found.identity == "sum-is-n-means":
            factor = divisor(self.right.case, self.right.loss, self.right.practice.choices)
            overflow = overflow | (factor == 0)  # a mean of nothing, times nothing
            other, bound = right * factor, own_right.bound * factor
            overflow = overflow | own_right.overflow
        elif self.found.identity == "none-reduced-by-hand":
            factor = divisor(self.left.case, self.left.loss, self.left.practice.choices)
            other = _quotient(_total(right), factor)
            bound = np.asarray(own_right.bound.sum() / factor if factor else np.inf)
            overflow = overflow | own_right.overflow.any()
        else:
            other, bound = right, own_right.bound + self._declared()
            overflow = overflow | own_right.overflow
        return _gap(left, other), own_left.bound + bound, np.asarray(overflow)

    def _bounded(self, held: Held) -> Bounded:
        """The envelope of the side's programs; rounded inputs enter with their rounding error."""
        errors = {
            position: self.found.input_error[name]
            for position, name in enumerate(held.loss.inputs)
            if held is self.right and name in self.found.input_error
        }
        given, arithmetic = held.given, held.practice.arithmetic
        return envelope(
            [
                run_bounded(each, arithmetic, given.positional, given.keywords, errors)
                for each in held.practice.values
            ]
        )

    def _declared(self) -> Floats | float:
        """How far declared conventions alone move the sides apart; 0 where both keep the norm."""
        norm = all(
            dict(held.practice.choices) == held.loss.choices() for held in (self.left, self.right)
        )
        return 0.0 if norm else np.nan_to_num(_gap(self.left.value(), self.right.value()))


def _gap(left: Floats, right: Floats) -> Floats:
    """|left - right|; 0 between equal special values, infinite where only one is special."""
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    apart = np.abs(left - right)
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


def _total(values: Floats) -> Floats:
    """Sum without rounding, so that the hand that reduces adds no error of its own."""
    flat = values.reshape(-1)
    try:
        return np.asarray(math.fsum(flat.tolist()))
    except (OverflowError, ValueError):  # past float64's range, or infinities of both signs
        return np.asarray(flat.sum())


def _quotient(total: Floats, by: float) -> Floats:
    return np.asarray(np.divide(total, by))
