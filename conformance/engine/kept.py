"""Whether a promise was kept: the answer's form first, then its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.cases.case import Case
from conformance.cases.contract import Asking, narrower
from conformance.engine.agreement import answer
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault
from conformance.engine.drawn import answer_fault, mutation_fault
from conformance.engine.judge import Held, Judgement, judge
from conformance.engine.promise import Promise
from conformance.engine.promotion import Reading, in_ulp_of
from conformance.engine.remark import Remark, Remarks
from conformance.numerics.formats import FORMATS
from conformance.results.verdict import Kind
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

CONTRACT = "contract"
INTEGER_GRADIENT = "integer-gradient"


@dataclass(frozen=True)
class Kept:
    """One call of the contract on one target, and what is promised of it."""

    block: Block
    asking: Asking
    case: Case
    promise: Promise
    call: Call

    @cached_property
    def held(self) -> dict[Reading, Held]:
        return {each: each.held(self.block, self.case) for each in self.promise.readings}

    def faults(self, outcomes: Sequence[Outcome]) -> Iterator[Fault]:
        """What is wrong with the answers apart from their numbers."""
        outcome = outcomes[0]
        if outcome.death is not None:
            dead = answer_fault(self.case, self.call, outcome, CONTRACT)
            assert dead is not None
            yield dead
            return
        broken = self._broken(outcome)
        if broken is None and self.asking.clause == INTEGER_GRADIENT:
            broken = self._number_for_integers(outcome)
        elif broken is None and outcome.value is not None:
            broken = self._form(outcome.value) or self._gradient_form(outcome)
        if broken is None and len(outcomes) > 1:
            broken = self._without_gradients(outcome, outcomes[1])
        if broken is not None:
            yield broken
        changed = mutation_fault(self.case, self.call, outcome)
        if changed is not None:
            yield self._fault("mutation", changed.note)

    def _fault(
        self,
        kind: Kind,
        note: str,
        expected: str | None = None,
        actual: str | None = None,
        input: str | None = None,
    ) -> Fault:
        return Fault(
            CONTRACT, kind, self.case, self.call, note,
            input=input, expected=expected, actual=actual, rule=self.promise.rule,
            cause=self.asking.clause,
        )  # fmt: skip

    def _broken(self, outcome: Outcome) -> Fault | None:
        """It raised and was to answer, or the other way round."""
        promise, raised = self.promise, outcome.raised
        if self.asking.clause == INTEGER_GRADIENT:
            raised = raised or outcome.gradient_raised
        told = answer(outcome) if raised is None else str(raised)
        if promise.undeclared:
            note = (
                f"the binding declares nothing of {self.asking.clause} in {self.asking.key}: {told}"
            )
            return self._fault("error" if raised is None else "exception", note, actual=told)
        if promise.raises and raised is None:
            note = f"declared to raise, and gave {told}"
            return self._fault("error", note, expected=promise.due, actual=told)
        if promise.raises or raised is None:
            return None
        if self.asking.clause == INTEGER_GRADIENT and promise.word is None:
            return None
        note = f"legal input was refused: {told}"
        return self._fault("exception", note, expected=promise.due, actual=str(raised))

    def _number_for_integers(self, outcome: Outcome) -> Fault | None:
        for name in self.call.gradient:
            found = outcome.gradients.get(name)
            if found is not None and self._is_integer(name):
                told = answer(Outcome(value=found))
                note = f"gave a gradient with respect to {name}, which holds integers: {told}"
                return self._fault("gradient", note, "no gradient", told, name)
        return None

    def _is_integer(self, name: str) -> bool:
        kind = self.asking.dtypes.get(name, "")
        whole = self.block.loss.inputs[name].kind == "class_index"
        return whole or (bool(kind) and "float" not in kind)

    def _form(self, value: Array) -> Fault | None:
        """Dtype and shape of the value."""
        if self.promise.raises or not self.held:
            return None
        fitting = [held for each, held in self.held.items() if each.result == value.dtype]
        if not fitting:
            due = self.promise.dtypes
            note = f"the result has dtype {value.dtype}; {self._given()}, and {due} is due"
            return self._fault("dtype", note, due, value.dtype)
        shape = fitting[0].value().shape
        if value.shape != shape:
            note = f"the result has shape {value.shape}; the spec asks for {shape}"
            return self._fault("shape", note, str(shape), str(value.shape))
        return None

    def _given(self) -> str:
        """The dtypes of the inputs, in words."""
        named = []
        for name in self.call.inputs:
            kind = self.asking.dtypes.get(name, self.case.dtype)
            if name not in self.asking.dtypes and self._is_integer(name):
                kind = "int64"
            plain = name in self.asking.python
            named.append(f"{name} {'is no tensor' if plain else f'has {kind}'}")
        others = self.asking.dtypes.keys() - self.call.inputs.keys()
        return ", ".join([*named, *(f"{name} has {self.asking.dtypes[name]}" for name in others)])

    def _gradient_form(self, outcome: Outcome) -> Fault | None:
        """A gradient comes, and looks like its input."""
        if outcome.gradient_raised is not None:
            if self.promise.may_raise:
                return None
            raised = str(outcome.gradient_raised)
            note = f"the value came, and its gradient raised {raised}"
            return self._fault("exception", note, actual=raised)
        for name in self.call.gradient:
            if name not in outcome.gradients:
                note = f"the value does not depend on {name}: autograd found no path to it"
                return self._fault("gradient", note, input=name)
        for name, found in outcome.gradients.items():
            kind = self.asking.dtypes.get(name, self.case.dtype)
            due = self.call.inputs[name].shape
            if found.dtype != kind:
                note = (
                    f"the gradient with respect to {name} has dtype {found.dtype}, the input {kind}"
                )
                return self._fault("dtype", note, kind, found.dtype, name)
            if found.shape != due:
                note = (
                    f"the gradient with respect to {name} has shape {found.shape}, the input {due}"
                )
                return self._fault("shape", note, str(due), str(found.shape), name)
        return None

    def _without_gradients(self, outcome: Outcome, plain: Outcome) -> Fault | None:
        one, other = outcome.dtype or answer(outcome), plain.dtype or answer(plain)
        if one == other or (outcome.value is None and plain.value is None):
            return None
        note = f"with gradients asked for the result is {one}, without {other}"
        return self._fault("dtype", note, other, one)

    def measure(self, outcome: Outcome, book: Book) -> bool | None:
        """Judge value and gradients by the first reading that they fit, else by the first of all.

        Says whether anything failed, be it known; None where there are no numbers.
        """
        value = outcome.value
        known = [each for each in self.held if value is not None and each.result == value.dtype]
        if value is None or not known or self.promise.raises:
            return None
        judged = {each: self._judged(each, outcome) for each in known}
        fits = [each for each in known if not any(j.failed.size for j in judged[each].values())]
        best = (fits or known)[0]
        for name, found in judged[best].items():
            returned = value if name is None else outcome.gradients[name]
            told = in_ulp_of(found, self._bound(best, name), self.case.dtype)
            book.measure(
                CONTRACT, self.case, self.call, told,
                input=name, returned=returned, remarks=self._remark(name),
            )  # fmt: skip
        return not fits

    def _bound(self, reading: Reading, name: str | None) -> str:
        """The dtype by whose digits a result or a gradient is judged."""
        if name is None:
            return reading.bound
        return narrower(reading.bound, self.asking.dtypes.get(name, self.case.dtype))

    def _judged(self, reading: Reading, outcome: Outcome) -> dict[str | None, Judgement]:
        held, along = self.held[reading], self.call.cotangent
        assert outcome.value is not None
        form = FORMATS[reading.bound]
        found: dict[str | None, Judgement] = {
            None: judge(outcome.value.values, held.value(), form, held.value_limits_at)
        }
        for name, array in outcome.gradients.items():
            assert along is not None
            form, limits = FORMATS[self._bound(reading, name)], held.gradient_limits_at(name, along)
            found[name] = judge(array.values, held.gradients(along)[name], form, limits)
        return found

    def _remark(self, name: str | None) -> Remarks:
        what = "the loss" if name is None else f"the gradient with respect to {name}"

        def remark(judged: Judgement) -> Remark:
            place = judged.worst
            assert place is not None
            actual, expected = float(judged.actual[place]), float(judged.expected[place])
            note = f"{what} is {actual:.17g}, and {expected:.17g} is true; {self._given()}"
            return Remark(note, self.promise.rule, self.asking.clause)

        return remark
