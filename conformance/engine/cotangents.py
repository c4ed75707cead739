"""Gradients along cotangents of a structure of their own, where `gradient` draws them at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.cases.cotangent import HUGE, ONE_HOT, SIGNED, ZERO
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.variant import MARK, plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.drawn import undifferentiated
from conformance.engine.judge import Held, Judgement, judge
from conformance.engine.layout import FEW, is_finite, is_recipe
from conformance.engine.remark import remarks
from conformance.engine.silence import Silence, silences, tightened
from conformance.engine.standard import Program, Reference
from conformance.engine.variation import Way, fresh, unanswered
from conformance.numerics.formats import Floats
from conformance.results import cell
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from reference.stable import store

COTANGENT = "cotangent"
SQUARED = "squared"

CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        ZERO: "along a cotangent of zeros (a loss times zero)",
        ONE_HOT: "along a one-hot cotangent (one output alone)",
        SIGNED: "along a cotangent of ones of both signs",
        HUGE: "along a cotangent near the largest finite number",
        SQUARED: "of the loss squared (along twice the loss)",
    }
)
LEFT_OUT = "of a loss that the cotangent leaves out"
_NO_GRAPH = "a companion gives the gradient of the loss itself: there is no graph to square"
_SHAPES = ((4,), (3,))  # without and with a class axis


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Every structure on a plain case of each reduction, and on few of the drawn ones."""
    drawn = [case for case in cases if is_recipe(case) and is_finite(case)]
    if block.side.tensors == "numpy":
        book.note(COTANGENT, cell.Outcome(SQUARED, {}, "", "", "n/a", _NO_GRAPH))
    for case in (*_own(block), *drawn[: 1 + len(cases) // FEW // 4]):
        call = block.bound(case)
        if not isinstance(call, Call):
            book.skip(COTANGENT, call.reason)
        elif not call.gradient:
            book.skip(COTANGENT, undifferentiated(call))
        else:
            ways = [_way(case, call, word) for word in (ZERO, ONE_HOT, SIGNED, HUGE)]
            yield _task(block, case, call, ways)
            if block.side.tensors != "numpy":
                squared = variant(case, SQUARED), replace(call, squared=True)
                yield _task(block, case, call, [squared])


def _own(block: Block) -> Iterator[Case]:
    shape = _SHAPES[has_classes(block.loss)]
    for reduction in block.loss.reductions:
        yield build(plain_recipe(block.loss, block.dtype, shape, reduction), block.loss)


def _way(case: Case, call: Call, word: str) -> tuple[Case, Call]:
    assert call.cotangent is not None
    made = variant(case, word)
    made = replace(made, cotangents=replace(case.cotangents, structure=word))
    return made, replace(call, cotangent=made.cotangent_for(call.cotangent.shape))


def _task(block: Block, case: Case, call: Call, ways: Sequence[tuple[Case, Call]]) -> Task:
    """The case as it is drawn, then in each way."""
    calls = (call, *(each for _, each in ways))
    return Task(case.id, calls, _judge(block, case, calls, [made for made, _ in ways]))


def _judge(
    block: Block, case: Case, calls: Sequence[Call], made: Sequence[Case]
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        first, *others = outcomes
        if first.value is None or first.gradient_raised is not None:
            return  # which `value` and `gradient` tell
        plain = block.held(case)
        for each, call, outcome in zip(made, calls[1:], others, strict=True):
            held = block.held(each)
            held = squared(held) if call.squared else held
            _examine(plain, held, (calls[0], call), (first, outcome), book)

    return judged


def _examine(
    plain: Held, held: Held, calls: tuple[Call, Call], outcomes: tuple[Outcome, Outcome], book: Book
) -> None:
    """One row: `plain` is the case as it was drawn, to leave out what fails there already."""
    word, (_, call), (first, outcome) = held.case.id.rpartition(MARK)[2], calls, outcomes
    way, before = Way(COTANGENT, "gradient", word, CLAUSES[word]), len(book.faults)
    failed = unanswered(way, held.case, call, first, outcome)
    if failed is not None:
        verdict = book.check(COTANGENT, held.case, failed)
    else:
        for name in call.gradient:
            if name in first.gradients and name in outcome.gradients:
                _measure(plain, held, calls, outcomes, name, book)
        verdict = "fail" if len(book.faults) > before else "pass"
    told = book.faults[-1].note if len(book.faults) > before else ""
    row = cell.Outcome(word, {"case": held.case.id}, "the gradient", told, verdict, way.clause)
    book.note(COTANGENT, row)


def _measure(
    plain: Held,
    held: Held,
    calls: tuple[Call, Call],
    outcomes: tuple[Outcome, Outcome],
    name: str,
    book: Book,
) -> None:
    (_, call), (first, outcome) = calls, outcomes
    found, along = outcome.gradients[name], call.cotangent
    assert along is not None
    assert outcome.value is not None
    expected = held.gradients(along)[name]
    if found.shape != expected.shape:
        return  # of another shape, which `shape` reports
    judged = judge(found.values, expected, held.form, held.gradient_limits_at(name, along))
    silent = silences(held.case, held.loss, name, expected)
    silent += left_out(held, along, expected)
    judged = tightened(judged, silent)
    if judged.failed.size:
        judged = fresh(judged, _of(plain, calls[0], first, name))
    clause = CLAUSES[held.case.id.rpartition(MARK)[2]]
    told = remarks(held, name, along, silent, outcome.value.values, clause)
    book.measure(COTANGENT, held.case, call, judged, input=name, returned=found, remarks=told)


def _of(plain: Held, call: Call, first: Outcome, name: str) -> Judgement:
    """What the drawn cotangent gives."""
    along = call.cotangent
    assert along is not None
    expected = plain.gradients(along)[name]
    limits = plain.gradient_limits_at(name, along)
    return judge(first.gradients[name].values, expected, plain.form, limits)


def left_out(held: Held, along: Floats, expected: Floats) -> list[Silence]:
    """The places behind outputs whose cotangent is zero, where the truth is zero too."""
    zero = (along == 0).reshape(-1)
    if not zero.any() or expected.size % max(zero.size, 1):
        return []
    behind = np.repeat(zero, expected.size // zero.size)
    return [Silence(LEFT_OUT, behind & (expected.reshape(-1) == 0))]


def squared(held: Held) -> Held:
    """The case as one of the squared loss: its cotangent is multiplied by twice the loss."""
    reference, practice = held.reference, held.practice
    gradients = tuple(
        square_of(value, gradient) for value in practice.values for gradient in practice.gradients
    )
    return replace(
        held,
        reference=Reference(reference.value, square_of(reference.value, reference.gradient)),
        practice=replace(practice, gradients=gradients),
        runs={},
    )


def square_of(value: Program, gradient: Program) -> Program:
    """The gradient of the square: the chain rule's factor is stored, and so is its product."""

    def program(*arguments: Any, **keywords: Any) -> Any:
        *given, along = arguments
        twice = store(2.0 * store(value(*given, **keywords)))
        return gradient(*given, store(along * twice), **keywords)

    return program
