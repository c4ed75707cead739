"""Forward mode, and second order: the derivatives along a direction of value and gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from conformance.cases.case import Case
from conformance.cases.cotangent import DENSE
from conformance.cases.direction import ONE_HOT, RANDOM, directions
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.variant import plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.directed import VALUE, Directed
from conformance.engine.drawn import answer_fault, undifferentiated
from conformance.engine.judge import Judgement, judge
from conformance.engine.layout import FEW, is_finite, is_recipe
from conformance.engine.remark import Remark
from conformance.oracle import PrecisionError
from conformance.results import cell
from conformance.results.verdict import Verdict
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
_COMPANION = "a companion gives the gradient of the loss: there is no graph to differentiate again"
_COMPILED = "a compiled backward of {} is not differentiated again"
_SHAPES = ((4,), (3,))  # without and with a class axis
_LONGEST = 300
"""Characters of a refusal that are told."""
_MOST = 64
"""Numbers in the inputs of a drawn case: every one of them is run as a power series."""


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """A plain case of each reduction and few drawn ones; a task a way, as each is compiled anew."""
    if reason := _obstacle(block):
        for name in (FORWARD, SECOND_ORDER):
            book.skip(name, reason)
        return
    for number, (case, structure) in enumerate(_cases(block, cases)):
        call = block.bound(case)
        if not isinstance(call, Call) or not call.gradient:
            reason = undifferentiated(call) if isinstance(call, Call) else call.reason
            for name in (FORWARD, SECOND_ORDER):
                book.skip(name, reason)
            continue
        for way in _ways(number):
            yield _task(block, case, call, way, structure)


def _obstacle(block: Block) -> str:
    """Why the target cannot be asked at all, or nothing."""
    mode = block.side.name.rpartition("+")[2] if "+" in block.side.name else ""
    if block.side.tensors == "numpy":
        return _COMPANION
    return _COMPILED.format(f"torch.{mode}") if mode == "compile" else ""


def _cases(block: Block, cases: Sequence[Case]) -> Iterator[tuple[Case, str]]:
    """Own cases first, of which the first may be the only one that a target is asked for."""
    loss, shape = block.loss, _SHAPES[has_classes(block.loss)]
    own = {
        reduction: plain_recipe(loss, block.dtype, shape, reduction)
        for reduction in sorted(loss.reductions, key=lambda name: name != "mean")
    }
    plain = [_dense(build(recipe, loss)) for recipe in own.values()]
    yield from ((case, RANDOM) for case in plain)
    yield plain[-1], ONE_HOT
    arrays = [name for name, given in loss.parameters.items() if given.shape is not None]
    if arrays:
        first = next(iter(own.values()))
        weighted = replace(first, parameters=tuple((name, "typical") for name in arrays))
        plain.append(_dense(build(weighted, loss)))
        yield plain[-1], RANDOM
    seen = {case.id for case in plain}
    drawn = [case for case in cases if case.id not in seen and _fits(case)]
    for case in drawn[: 1 + len(cases) // FEW // 4]:
        yield case, RANDOM


def _dense(case: Case) -> Case:
    """No entry of the cotangent is zero: what it leaves out would be nothing by any derivative."""
    return replace(case, cotangents=replace(case.cotangents, structure=DENSE))


def _fits(case: Case) -> bool:
    small = 0 < sum(array.size for array in case.inputs.values()) <= _MOST
    return small and is_recipe(case) and is_finite(case)


def _ways(number: int) -> Sequence[Derivative]:
    """Every way on the first case; the slowest not again."""
    first: Sequence[Derivative] = ("forward-over-reverse", "reverse-over-reverse", "forward")
    return first if number == 0 else first[1:]


def _task(block: Block, case: Case, call: Call, way: Derivative, structure: str) -> Task:
    word = way if structure == RANDOM else f"{way}-{structure}"
    made = variant(case, word)
    tangents = directions(case, block.loss, structure)
    asked = replace(call, derivative=way, tangents=tangents)
    return Task(made.id, (asked,), _judge(block, made, asked, word))


def _judge(
    block: Block, case: Case, call: Call, word: str
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        names = {
            "forward": (FORWARD,),
            "reverse-over-reverse": (SECOND_ORDER,),
            "forward-over-reverse": (SECOND_ORDER, FORWARD),
        }[call.derivative]
        for name in names:
            _Row(block, case, call, word, name).judge(outcomes[0], book)

    return judged


class _Row:
    """One call, judged for one property."""

    def __init__(self, block: Block, case: Case, call: Call, word: str, name: str) -> None:
        self.case, self.call, self.word, self.name = case, call, word, name
        assert call.cotangent is not None
        moving = {each: call.tangents[each] for each in call.gradient}
        still = {
            each: np.zeros(case.inputs[each].shape)
            for each, given in block.loss.inputs.items()
            if given.kind == "real" and each not in moving
        }
        self.held = block.held(case)
        self.directed = Directed(self.held, {**moving, **still}, call.cotangent)
        self.clause = CLAUSES[call.derivative]

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
        if self._fails_already(outcome):
            return "the value or its gradient departs itself, which `value` and `gradient` tell"
        try:
            names = [VALUE] if self.name == FORWARD else [*self.call.gradient]
            for name in names:
                found = outcome.tangent if name == VALUE else outcome.curvature.get(name)
                self._measure(name, found, book)
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
                found.values, held.gradients(along)[name], form, held.gradient_limits_at(name, along)
            ).failed.size
            for name, found in outcome.gradients.items()
        )

    def _measure(self, name: str, found: Array | None, book: Book) -> None:
        """What no path leads to does not move: right where the truth is zero."""
        expected, among = self.directed.expected(name), self.directed.decided(name)
        if found is not None and (fault := self._form_fault(name, found, expected.shape)):
            book.check(self.name, self.case, fault)
            return
        actual = np.zeros(expected.shape) if found is None else found.values
        judged = judge(
            actual.reshape(-1)[among],
            expected.reshape(-1)[among],
            self.held.form,
            self.directed.limits_at(name, among),
        )
        book.measure(
            self.name, self.case, self.call, judged, input=name or None, returned=found,
            remarks=lambda judged: self._remark(name, found, judged),
        )  # fmt: skip

    def _what(self, name: str) -> str:
        if name == VALUE:
            return f"the loss along the tangents, {self.clause},"
        return f"the gradient with respect to {name} moves along the tangents, {self.clause},"

    def _remark(self, name: str, found: Array | None, judged: Judgement) -> Remark:
        place = judged.worst
        assert place is not None
        true = f"{judged.expected[place]:.17g}"
        if found is None:
            note = f"{self._what(name)} by nothing in silence: autograd found no path; {true} is true"
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
