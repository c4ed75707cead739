"""One call along a direction, judged: for forward mode, or for the second derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from conformance.cases.case import Case
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault
from conformance.engine.directed import VALUE, Directed
from conformance.engine.drawn import answer_fault
from conformance.engine.judge import Judgement, judge
from conformance.engine.remark import Remark
from conformance.numerics.formats import Floats
from conformance.oracle import PrecisionError
from conformance.results import cell
from conformance.results.verdict import Verdict
from conformance.specs.models import Loss
from conformance.targets.call import Call, Derivative
from conformance.targets.outcome import Array, Outcome

FORWARD, SECOND_ORDER = "forward", "second-order"

CLAUSES: Mapping[Derivative, str] = MappingProxyType(
    {
        "forward": "by forward mode",
        "reverse-over-reverse": "by autograd of the gradient",
        "forward-over-reverse": "by forward mode through the gradient",
    }
)
_LONGEST = 300
"""Characters of a refusal that are told."""


def tangents_of(call: Call, case: Case, loss: Loss) -> dict[str, Floats]:
    """The direction in every real input: what is not differentiated stands still."""
    still = {
        name: np.zeros(case.inputs[name].shape)
        for name, given in loss.inputs.items()
        if given.kind == "real"
    }
    return still | {name: np.asarray(call.tangents[name]) for name in call.gradient}


class Row:
    """One call, judged for one property."""

    def __init__(self, block: Block, case: Case, call: Call, word: str, name: str) -> None:
        self.case, self.call, self.word, self.name = case, call, word, name
        assert call.cotangent is not None
        self.held = block.held(case)
        self.directed = Directed(self.held, tangents_of(call, case, block.loss), call.cotangent)
        self.clause = CLAUSES[call.derivative]
        self.back = call.derivative == "reverse-over-reverse"
        """Whether the value's own movement comes too, as what the cotangent gets."""

    def judge(self, outcome: Outcome, book: Book) -> None:
        before, known = len(book.faults), _explained(book, self.name)
        verdict: Verdict
        if outcome.death is not None:
            fault = answer_fault(self.case, self.call, outcome, self.name)
            verdict, told = book.check(self.name, self.case, fault), ""
        elif told := self._not_offered(outcome):
            verdict = "n/a"
            book.skip(self.name, told)
        else:
            told = self._examined(outcome, book)
            verdict = "n/a" if told else "pass"
        if _explained(book, self.name) > known:
            verdict = "known"
        if len(book.faults) > before:
            verdict, told = "fail", book.faults[-1].note
        row = cell.Outcome(self.word, {"case": self.case.id}, "", told, verdict, told)
        book.note(self.name, row)

    def _not_offered(self, outcome: Outcome) -> str:
        refused = outcome.raised or outcome.gradient_raised
        if refused is None:
            return ""
        return f"not differentiated {self.clause}: {' '.join(str(refused).split())[:_LONGEST]}"

    def _examined(self, outcome: Outcome, book: Book) -> str:
        """Measure what came; gives the reason where there is nothing to hold it to."""
        names = [VALUE] if self.name == FORWARD else [*self.call.gradient]
        if self.back:
            names.append(VALUE)
        try:
            for name in names:
                found = outcome.tangent if name == VALUE else outcome.curvature.get(name)
                if told := self._measure(name, found, outcome, book):
                    return told
        except PrecisionError as reason:
            return f"the oracle has no answer: {reason}"
        return ""

    def _fails_already(self, outcome: Outcome) -> bool:
        held, form, along = self.held, self.held.form, self.call.cotangent
        assert outcome.value is not None
        assert along is not None
        due = held.value()
        if outcome.value.shape != due.shape:
            return True
        if judge(outcome.value.values, due, form, held.value_limits_at).failed.size:
            return True
        return any(
            found.shape != held.case.inputs[name].shape
            or judge(
                found.values,
                held.gradients(along)[name],
                form,
                held.gradient_limits_at(name, along),
            ).failed.size
            for name, found in outcome.gradients.items()
        )

    def _measure(self, name: str, found: Array | None, outcome: Outcome, book: Book) -> str:
        """What no path leads to does not move: right where the truth is zero."""
        expected, among = self.directed.expected(name), self.directed.decided(name)
        if found is not None and (fault := self._form_fault(name, found, expected.shape)):
            book.check(self.name, self.case, fault)
            return ""
        actual = np.zeros(expected.shape) if found is None else found.values
        judged = judge(
            actual.reshape(-1)[among],
            expected.reshape(-1)[among],
            self.held.form,
            self.directed.limits_at(name, among, back=self.back and name == VALUE),
            probing=False,
        )
        if judged.failed.size and self._fails_already(outcome):
            return "the value or its gradient departs itself, which `value` and `gradient` tell"
        book.measure(
            self.name, self.case, self.call, judged, input=name or None, returned=found,
            remarks=lambda judged: self._remark(name, found, judged),
        )  # fmt: skip
        return ""

    def _what(self, name: str) -> str:
        if name == VALUE and self.back:
            return (
                "what the incoming gradient gets of a second backward, the loss along the tangents,"
            )
        if name == VALUE:
            return f"the loss along the tangents, {self.clause},"
        return f"the gradient with respect to {name} moves along the tangents, {self.clause},"

    def _remark(self, name: str, found: Array | None, judged: Judgement) -> Remark:
        place = judged.worst
        assert place is not None
        true = f"{judged.expected[place]:.17g}"
        if name == VALUE and self.back:
            given = "nothing, in silence" if found is None else f"{judged.actual[place]:.17g}"
            note = f"a second backward gives the incoming gradient {given}, and {true} is true"
            rule = "a second backward gives the incoming gradient how the loss moves, or refuses"
            return Remark(note, rule)
        if found is None:
            note = (
                f"{self._what(name)} by nothing in silence: autograd found no path; {true} is true"
            )
            return Remark(note, "a derivative that is not zero is given, or refused")
        by = "has the derivative" if name == VALUE else "by"
        return Remark(f"{self._what(name)} {by} {judged.actual[place]:.17g}, and {true} is true")

    def _form_fault(self, name: str, found: Array, due: tuple[int, ...]) -> Fault | None:
        what = "the derivative of the value" if name == VALUE else f"that of the gradient by {name}"
        wanted = name or None
        if found.shape != due:
            note = f"{what}, {self.clause}, has shape {found.shape}, not {due}"
            return Fault(self.name, "shape", self.case, self.call, note, input=wanted)
        if found.dtype != self.case.dtype:
            note = f"{what}, {self.clause}, has dtype {found.dtype}, not {self.case.dtype}"
            return Fault(self.name, "dtype", self.case, self.call, note, input=wanted)
        return None


def _explained(book: Book, name: str) -> int:
    """How many cases known deviations account for so far."""
    return sum(each.cases for each in book.tally(name).known.values())
