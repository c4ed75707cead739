"""Value and gradient of generated cases, and what every call must keep: dtype, shape, inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from conformance.cases.case import Case
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.judge import Held, judge
from conformance.engine.remark import remarks
from conformance.engine.silence import silences, tightened
from conformance.numerics.formats import Floats
from conformance.results.verdict import Kind
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Outcome

VALUE, GRADIENT = "value", "gradient"


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """One call a case, with gradients; what the target does not offer is counted in the book."""
    for case in cases:
        call = block.bound(case)
        if isinstance(call, NotApplicable):
            for name in (VALUE, GRADIENT):
                book.skip(name, call.reason)
        else:
            if not call.gradient:
                book.skip(GRADIENT, undifferentiated(call))
            yield Task(case.id, (call,), _judge(block, case, call))


def undifferentiated(call: Call) -> str:
    """Why a call asks for no gradient."""
    return next(iter(call.binding.not_differentiated.values()), "no input can be differentiated")


def _judge(block: Block, case: Case, call: Call) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        examine(block, case, call, outcomes[0], book)

    return judged


def examine(
    block: Block,
    case: Case,
    call: Call,
    outcome: Outcome,
    book: Book,
    names: tuple[str, str] = (VALUE, GRADIENT),
) -> None:
    """Judge one answer; `names` are the properties that value and gradients count for."""
    failed = answer_fault(case, call, outcome, names[0])
    if failed is not None:
        book.check(names[0], case, failed)
        if outcome.death is None:
            book.check("mutation", case, mutation_fault(case, call, outcome))
        return
    held = block.held(case)
    expected = held.value()
    assert outcome.value is not None
    book.check("dtype", case, dtype_fault(case, call, outcome))
    book.check("mutation", case, mutation_fault(case, call, outcome))
    wrong_shape = shape_fault(case, call, outcome, expected.shape)
    book.check("shape", case, wrong_shape)
    if wrong_shape is not None:
        return
    form = held.form
    judged = judge(outcome.value.values, expected, form, held.value_limits_at)
    x = abscissa(held, expected)
    book.measure(names[0], case, call, judged, x=x, returned=outcome.value)
    if call.gradient:
        gradients(held, call, outcome, book, names[1])


def gradients(held: Held, call: Call, outcome: Outcome, book: Book, name: str) -> None:
    """Judge the gradients of an answer whose value came, for the property `name`."""
    case = held.case
    missing = gradient_faults(case, call, outcome, name)
    for fault in missing:
        book.check(fault.property, case, fault)
    if outcome.gradient_raised is not None:
        return
    assert call.cotangent is not None
    expected = held.gradients(call.cotangent)
    spoiled = {fault.input for fault in missing}
    for wanted in call.gradient:
        if wanted in spoiled:
            continue
        found = outcome.gradients[wanted]
        limits = held.gradient_limits_at(wanted, call.cotangent)
        judged = judge(found.values, expected[wanted], held.form, limits)
        assert outcome.value is not None
        silent = silences(case, held.loss, wanted, expected[wanted])
        told = remarks(held, wanted, call.cotangent, silent, outcome.value.values)
        judged = tightened(judged, silent)
        book.measure(name, case, call, judged, input=wanted, returned=found, remarks=told)


def gradient_faults(case: Case, call: Call, outcome: Outcome, name: str) -> list[Fault]:
    """Gradients that did not come, or came in another form than their inputs."""
    if outcome.gradient_raised is not None:
        raised = str(outcome.gradient_raised)
        note = f"the value came, and its gradient raised {raised}"
        return [Fault(name, "exception", case, call, note, actual=raised)]
    faults = []
    for wanted in call.gradient:
        found = outcome.gradients.get(wanted)
        if found is None:
            note = f"the value does not depend on {wanted}: autograd found no path to it"
            faults.append(Fault(name, "gradient", case, call, note, input=wanted))
            continue
        fault = _gradient_form(case, call, wanted, found.shape, found.dtype)
        faults += [fault] if fault is not None else []
    return faults


def _gradient_form(
    case: Case, call: Call, wanted: str, shape: tuple[int, ...], dtype: str
) -> Fault | None:
    due = case.inputs[wanted].shape
    if shape != due:
        note = f"the gradient with respect to {wanted} has shape {shape}; the input has {due}"
        return Fault("shape", "shape", case, call, note, input=wanted)
    if dtype != case.dtype:
        note = (
            f"the gradient with respect to {wanted} has dtype {dtype}; the input has {case.dtype}"
        )
        return Fault("dtype", "dtype", case, call, note, input=wanted)
    return None


def answer_fault(case: Case, call: Call, outcome: Outcome, name: str) -> Fault | None:
    """No value came: the worker died, or the call raised."""
    if outcome.death is not None:
        kind: Kind = outcome.death.kind
        return Fault(name, kind, case, call, f"the worker did not survive: {outcome.death.detail}")
    if outcome.raised is not None:
        note = f"legal input was refused: {outcome.raised}"
        return Fault(name, "exception", case, call, note, actual=str(outcome.raised))
    return None


def dtype_fault(case: Case, call: Call, outcome: Outcome) -> Fault | None:
    if outcome.dtype == case.dtype:
        return None
    note = f"the result has dtype {outcome.dtype}; the inputs have {case.dtype}"
    return Fault("dtype", "dtype", case, call, note, expected=case.dtype, actual=outcome.dtype)


def shape_fault(case: Case, call: Call, outcome: Outcome, due: tuple[int, ...]) -> Fault | None:
    if outcome.shape == due:
        return None
    note = f"the result has shape {outcome.shape}; the spec asks for {due}"
    return Fault("shape", "shape", case, call, note, expected=str(due), actual=str(outcome.shape))


def mutation_fault(case: Case, call: Call, outcome: Outcome) -> Fault | None:
    changes = [f"changed its argument {', '.join(outcome.mutated)}"] if outcome.mutated else []
    if outcome.altered:
        changes.append(f"left its process altered: {', '.join(outcome.altered)}")
    if not changes:
        return None
    told = " and ".join(changes)
    return Fault(
        "mutation", "mutation", case, call, f"the call {told}",
        actual=f"it {told}", changed=outcome.mutated,
    )  # fmt: skip


def abscissa(held: Held, expected: Floats) -> Floats | None:
    """Where each element stands on the plot: its first input, or its true loss where rows are long."""
    if held.case.reduction != "none":
        return None
    first = next(iter(held.case.inputs.values()))
    flat = np.asarray(first if first.shape == expected.shape else expected, dtype=np.float64)
    return flat.reshape(-1)
