"""Gradients by weights, each alone and together with those by inputs, where a target gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.roles import has_classes
from conformance.cases.variant import MARK, plain_recipe, variant
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.drawn import answer_fault
from conformance.engine.judge import Held, judge
from conformance.engine.layout import FEW, is_finite, is_recipe
from conformance.engine.paths import weights
from conformance.engine.remark import remarks
from conformance.engine.standard import Indices, Limits, Reference, gradient_runs, true_gradients
from conformance.numerics.formats import Floats
from conformance.results import cell
from conformance.results.verdict import Verdict
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

PROPERTY = "weight-gradient"
TOGETHER = "together"
_NONE = "the loss has no weights that are arrays"
_COMPANION = "a companion gives gradients by inputs only"
_FORMULA = "the slope of a formula by its parameters is not derived"
_SHAPES = ((3, 4), (4,))  # without and with a class axis


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Every weight on a plain case of each reduction, and the weights of few drawn ones."""
    if reason := _obstacle(block):
        book.skip(PROPERTY, reason)
        return
    drawn = [case for case in cases if is_recipe(case) and is_finite(case) and weights(case)]
    for case in (*_own(block), *drawn[: 1 + len(cases) // FEW]):
        for word, asked in _ways(block, case):
            made = variant(case, word)
            call = block.bound(made, gradient=asked)
            if not isinstance(call, Call):
                book.skip(PROPERTY, call.reason)
            elif missing := [each for each in asked if each not in call.arrays]:
                book.skip(PROPERTY, f"{missing[0]} is no argument of this call")
            elif call.gradient != asked:
                reasons = call.binding.not_differentiated
                book.skip(PROPERTY, next(reasons[each] for each in asked if each in reasons))
            else:
                yield Task(made.id, (call,), _judge(block, made, call))


def _obstacle(block: Block) -> str:
    """Why no target of this block can be asked, or nothing."""
    if not any(each.shape is not None for each in block.loss.parameters.values()):
        return _NONE
    if block.side.tensors == "numpy":
        return _COMPANION
    plain = build(plain_recipe(block.loss, block.dtype, (1,), "none"), block.loss)
    return "" if block.held(plain).reference.weights is not None else _FORMULA


def _own(block: Block) -> Iterator[Case]:
    loss = block.loss
    names = [name for name, parameter in loss.parameters.items() if parameter.shape is not None]
    for name in names:
        for reduction in loss.reductions:
            shape = _SHAPES[has_classes(loss)]
            plain = plain_recipe(loss, block.dtype, shape, reduction)
            yield build(replace(plain, parameters=((name, "typical"),)), loss)


def _ways(block: Block, case: Case) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A word, and what is to be differentiated by."""
    names = weights(case)
    for name in names:
        yield f"by-{name.replace('_', '-')}", (name,)
    inputs = tuple(name for name, given in block.loss.inputs.items() if given.kind == "real")
    allowed = tuple(name for name in inputs if name not in block.binding.not_differentiated)
    yield TOGETHER, (*allowed, *names)


def _judge(block: Block, case: Case, call: Call) -> Callable[[Book, Sequence[Outcome]], None]:
    word, names = case.id.rpartition(MARK)[2], [n for n in weights(case) if n in call.gradient]

    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        outcome, before = outcomes[0], len(book.faults)
        verdict: Verdict = "n/a"
        told = _not_given(outcome, names)
        if told:
            book.skip(PROPERTY, told)
        elif outcome.death is not None:
            verdict = book.check(PROPERTY, case, answer_fault(case, call, outcome, PROPERTY))
        else:
            held = block.held(case)
            for name in names:
                _examine(held, call, outcome, name, book)
            verdict = "fail" if len(book.faults) > before else "pass"
            told = book.faults[-1].note if verdict == "fail" else ""
        row = cell.Outcome(word, {"case": case.id}, "the gradient", told, verdict, told)
        book.note(PROPERTY, row)

    return judged


def _not_given(outcome: Outcome, names: Sequence[str]) -> str:
    """What an implementation said that differentiates by no weight, or that it said nothing."""
    refused = outcome.raised or outcome.gradient_raised
    if refused is not None:
        return f"not differentiated: {refused}"
    missing = [name for name in names if name not in outcome.gradients]
    if missing and outcome.death is None:
        return f"not differentiated: autograd finds no path from the loss to {missing[0]}"
    return ""


def _examine(held: Held, call: Call, outcome: Outcome, name: str, book: Book) -> None:
    """One weight's gradient has the weight's form, and lies within its bound."""
    found, along = outcome.gradients[name], call.cotangent
    assert along is not None
    assert outcome.value is not None
    fault = _form_fault(held.case, call, name, found)
    if fault is not None:
        book.check(PROPERTY, held.case, fault)
        return
    expected, limits = truth_by_weights(held, name, along)
    judged = judge(found.values, expected, held.form, limits)
    told = remarks(held, name, along, [], outcome.value.values)
    book.measure(PROPERTY, held.case, call, judged, input=name, returned=found, remarks=told)


def _form_fault(case: Case, call: Call, name: str, found: Array) -> Fault | None:
    due = call.arrays[name].shape
    if found.shape != due:
        note = f"the gradient with respect to {name} has shape {found.shape}; the weight has {due}"
        return Fault(PROPERTY, "shape", case, call, note, input=name)
    if found.dtype != case.dtype:
        note = f"the gradient with respect to {name} has dtype {found.dtype}, not {case.dtype}"
        return Fault(PROPERTY, "dtype", case, call, note, input=name)
    return None


def truth_by_weights(
    held: Held, name: str, along: Floats
) -> tuple[Floats, Callable[[Indices], Limits]]:
    """The true gradient by a weight, and the bounds of elements of it when they are asked for."""
    program = held.reference.weights
    assert program is not None  # seen to by _obstacle
    reference = Reference(held.reference.value, program)
    expected = true_gradients(reference, held.given, along)[name]

    @cache
    def whole() -> Limits:
        practice = replace(held.practice, gradients=held.practice.weights)
        return gradient_runs(reference, practice, held.given, along).limits(name)

    return expected, lambda elements: whole().at(elements)
