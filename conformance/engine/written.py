"""Cases written in the specs: examples and edge cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.cases.edges import Expected, WrittenCase, edge_cases, examples
from conformance.engine.agreement import answer
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.drawn import (
    answer_fault,
    dtype_fault,
    gradient_faults,
    mutation_fault,
    shape_fault,
)
from conformance.engine.judge import Judgement, judge
from conformance.numerics.formats import FORMATS, Floats
from conformance.results import cell
from conformance.results.verdict import Verdict, worst
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Array, Outcome

EXAMPLE, EDGE_CASE = "example", "edge-case"


def example_tasks(block: Block, book: Book) -> Iterator[Task]:
    return _written(block, book, EXAMPLE, examples(block.loss, block.dtype))


def edge_case_tasks(block: Block, book: Book) -> Iterator[Task]:
    return _written(block, book, EDGE_CASE, edge_cases(block.loss, block.dtype))


def _written(block: Block, book: Book, name: str, cases: Sequence[WrittenCase]) -> Iterator[Task]:
    for each in cases:
        written = _as_offered(each, block)
        call = block.bound(written.case)
        if isinstance(call, NotApplicable):
            book.skip(name, call.reason)
            book.note(name, _row(written, "", "", "n/a", call.reason))
        else:
            yield Task(written.case.id, (call,), _judge_written(block, written, call, name))


def _as_offered(written: WrittenCase, block: Block) -> WrittenCase:
    """The case reduced, for a callable that always reduces; the reference then says what is due."""
    case = reduced(written.case, block)
    if case is written.case:
        return written
    due = Expected(None, {}, f"asked with the reduction {case.reduction}, which it always applies")
    return replace(written, case=case, norm=due, when={}, sign_of_zero=False)


def reduced(case: Case, block: Block) -> Case:
    binding = block.binding
    lacking = case.reduction == "none" and "none" in binding.unsupported
    if not lacking or not binding.reductions:
        return case
    return replace(case, reduction=next(iter(binding.reductions)))


def _judge_written(
    block: Block, written: WrittenCase, call: Call, name: str
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        _Witness(block, written, call, name, book).examine(outcomes[0])

    return judged


class _Witness:
    """One written case on one target: several checks that end in one row of the edge-case table."""

    def __init__(
        self, block: Block, written: WrittenCase, call: Call, name: str, book: Book
    ) -> None:
        self.case = written.case
        self.written, self.call, self.name, self.book = written, call, name, book
        self.held = block.held(written.case)
        self.norm = block.held(written.case, norm=True)
        self.expected: Expected = written.expected(self.held.practice.choices)
        self.verdicts: list[Verdict] = []

    def due(
        self, stated: Floats | None, base: Floats | None, derived: Floats, norm: Floats | None
    ) -> Floats:
        """The spec's own number, unless the target's declared choices change the truth.

        `base` is the number for the norm's choices. Another one stands under `when` for a choice;
        it holds where that is the only choice in which the target departs.
        """
        if stated is None:
            return derived
        if norm is not None and np.array_equal(derived, norm, equal_nan=True):
            return stated
        choices, usual = self.held.practice.choices, self.norm.practice.choices
        alone = sum(choices[name] != usual[name] for name in choices) == 1
        rewritten = base is None or not np.array_equal(stated, base, equal_nan=True)
        return stated if alone and rewritten else derived

    def examine(self, outcome: Outcome) -> None:
        book, case, call = self.book, self.case, self.call
        value = self.due(
            self.expected.loss, self.written.norm.loss, self.held.value(), self.norm.value()
        )
        failed = answer_fault(case, call, outcome, self.name)
        misshapen = None if failed else shape_fault(case, call, outcome, value.shape)
        beside = [dtype_fault(case, call, outcome), mutation_fault(case, call, outcome)]
        for fault in [failed] if failed else [misshapen, *beside]:
            if fault is not None:
                self.verdicts.append(book.check(fault.property, case, fault))
        if failed is None and misshapen is None:
            self._values(outcome, value)
        book.note(
            self.name,
            _row(
                self.written, _shown(value), answer(outcome), worst(self.verdicts),
                self.expected.reason or None,
            ),
        )  # fmt: skip

    def _values(self, outcome: Outcome, value: Floats) -> None:
        assert outcome.value is not None
        form = FORMATS[self.case.dtype]
        judged = judge(outcome.value.values, value, form, self.held.value_limits_at)
        self._count(judged, None, outcome.value)
        if self.written.sign_of_zero:
            self._sign(outcome.value.values, value)
        if not self.call.gradient:
            return
        assert self.call.cotangent is not None
        for fault in gradient_faults(self.case, self.call, outcome, self.name):
            self.verdicts.append(self.book.check(fault.property, self.case, fault))
        derived = self.held.gradients(self.call.cotangent)
        norm = self.norm.gradients(self.call.cotangent) if self._same_shape() else {}
        for wanted, found in outcome.gradients.items():
            stated = self.expected.gradient.get(wanted)
            base = self.written.norm.gradient.get(wanted)
            due = self.due(stated, base, derived[wanted], norm.get(wanted))
            if found.shape == due.shape:
                limits = self.held.gradient_limits_at(wanted, self.call.cotangent)
                self._count(judge(found.values, due, form, limits), wanted, found)

    def _same_shape(self) -> bool:
        return self.norm.value().shape == self.held.value().shape

    def _count(self, judged: Judgement, wanted: str | None, returned: Array) -> None:
        known = len(self.book.faults)
        self.book.measure(self.name, self.case, self.call, judged, input=wanted, returned=returned)
        new = len(self.book.faults) > known
        verdict: Verdict = "fail" if new else "known" if judged.failed.size else "pass"
        self.verdicts.append(verdict)

    def _sign(self, actual: Floats, expected: Floats) -> None:
        """The spec asks for the sign of a zero here."""
        zero = (actual == 0) & (expected == 0)
        if np.any(np.signbit(actual[zero]) != np.signbit(expected[zero])):
            note = "the zero has the other sign, and the spec asks for this one"
            fault = Fault(self.name, "value", self.case, self.call, note)
            self.verdicts.append(self.book.check(self.name, self.case, fault))


def _row(
    written: WrittenCase, expected: Any, actual: Any, verdict: Verdict, note: str | None
) -> cell.Outcome:
    return cell.Outcome(
        written.name, dict(written.given), expected, actual, verdict, note or written.why
    )


def _shown(values: Floats) -> Any:
    return values.tolist() if values.size <= 8 else f"{values.size} values"
