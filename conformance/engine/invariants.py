"""What the spec says of a loss by itself, held against calls that are related by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.identities import MARK
from conformance.cases.invariants.making import relation, relations
from conformance.cases.relation import Claim, Relation
from conformance.cases.roles import has_classes
from conformance.cases.variant import plain_recipe
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.judge import Held
from conformance.engine.layout import is_recipe
from conformance.engine.weighing import Gap, Weighing, inputs_of, judgement
from conformance.numerics.formats import Floats
from conformance.results.verdict import Kind
from conformance.targets.call import Call, NotApplicable
from conformance.targets.outcome import Outcome

Ask = Callable[[Sequence[Call]], list[Outcome]]

INVARIANT = "invariant"
FEW = 8
"""Of every so many cases one serves an invariant; which one differs from invariant to invariant."""

_SHAPES = ((32,), (8,))
"""Batches of the case of its own, without and with a class axis."""


def tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Each invariant on a plain case and on some of the drawn ones."""
    folded = block.choices().get("last-axis", "kept") != "kept"
    drawn = [case for case in cases if is_recipe(case)]
    for index, invariant in enumerate(block.loss.invariants):
        for case in _chosen(block, drawn, index):
            for found in relations(case, block.loss, invariant, folded=folded):
                made = _task(block, found, book)
                if made is not None:
                    yield made


def _chosen(block: Block, drawn: Sequence[Case], index: int) -> list[Case]:
    """Several at a time where many are drawn; a single one is a replay's."""
    if len(drawn) == 1:
        return [*drawn]
    few = len(drawn) // FEW
    turned = [*drawn[index % max(len(drawn), 1) :], *drawn[: index % max(len(drawn), 1)]]
    return [_own(block, index), *turned[:few]]


def _own(block: Block, index: int) -> Case:
    """Typical numbers, one reduction after the other."""
    loss = block.loss
    names = list(loss.reductions)
    recipe = plain_recipe(loss, block.dtype, _SHAPES[has_classes(loss)], names[index % len(names)])
    return build(recipe, loss)


def _task(block: Block, found: Relation, book: Book) -> Task | None:
    """None where the target does not offer a side, or keeps no claim by what it declares."""
    sides = [block.bound(each) for each in found.sides]
    refused = next((each for each in sides if isinstance(each, NotApplicable)), None)
    if refused is not None:
        book.skip(INVARIANT, refused.reason)
        return None
    calls = tuple(each for each in sides if isinstance(each, Call))
    calls = tuple(_differentiated(found, side, call) for side, call in enumerate(calls))
    weighing = _weighing(block, found, calls)
    claims = [claim for claim in found.claims if _asked(claim, calls)]
    if not _by_the_norm(weighing):
        claims = [claim for claim in claims if weighing.kept(claim)]
    if not claims:
        book.skip(INVARIANT, _excused(weighing))
        return None
    return Task(found.sides[0].id, calls, _judge(weighing, calls, claims))


def _differentiated(found: Relation, side: int, call: Call) -> Call:
    """Without gradients that no claim is about."""
    wanted = {name for claim in found.claims for of, name in inputs_of(claim) if of == side}
    kept = tuple(name for name in call.gradient if name in wanted)
    return replace(call, gradient=kept, cotangent=call.cotangent if kept else None)


def _asked(claim: Claim, calls: Sequence[Call]) -> bool:
    return all(name is None or name in calls[side].gradient for side, name in inputs_of(claim))


def _weighing(block: Block, found: Relation, calls: Sequence[Call]) -> Weighing:
    held = tuple(replace(block, dtype=each.dtype).held(each) for each in found.sides)
    cotangents = tuple(
        None if call.cotangent is None else np.asarray(call.cotangent, dtype=np.float64)
        for call in calls
    )
    return Weighing(found, held, cotangents)


def _by_the_norm(weighing: Weighing) -> bool:
    return all(dict(each.practice.choices) == each.loss.choices() for each in weighing.held)


def _excused(weighing: Weighing) -> str:
    """Which declared choices take the invariant away, as far as single ones do."""
    norm = weighing.held[0].loss.choices()
    declared = {**weighing.held[0].practice.choices}
    others = ", ".join(
        f"{name} {choice}" for name, choice in declared.items() if choice != norm[name]
    )
    what = weighing.relation.invariant.name
    if not others:
        return f"{what}: the target has no gradient that it speaks of"
    return f"{what} does not hold by declaration: {others}"


def _judge(
    weighing: Weighing, calls: Sequence[Call], claims: Sequence[Claim]
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        case = weighing.relation.sides[0]
        refused = _refusal(weighing, calls, outcomes)
        if refused is not None:
            book.check(INVARIANT, refused.case, refused)
            return
        faults = [_fault(weighing, calls, claim, outcomes) for claim in claims]
        for fault in faults:
            if fault is not None:
                book.check(INVARIANT, case, fault)
        if not any(faults):
            book.check(INVARIANT, case, None)

    return judged


def _refusal(
    weighing: Weighing, calls: Sequence[Call], outcomes: Sequence[Outcome]
) -> Fault | None:
    """One side has an answer of its form and another has none; `value` tells where none has."""
    said = [_complaint(weighing.held[side], each) for side, each in enumerate(outcomes)]
    if None not in said:
        return None
    for side, text in enumerate(said):
        if text:
            kind: Kind = "shape" if outcomes[side].value is not None else "exception"
            death = outcomes[side].death
            note = f"{weighing.relation.invariant.text} {text}"
            return Fault(
                INVARIANT, death.kind if death else kind, weighing.relation.sides[side],
                calls[side], note, actual=str(outcomes[side].raised or "") or None,
                cause=weighing.relation.invariant.name,
            )  # fmt: skip
    return None


def _complaint(held: Held, outcome: Outcome) -> str | None:
    if outcome.value is not None:
        due = held.value().shape
        found = outcome.value.shape
        return None if found == due else f"Here the result has shape {found}, not {due}"
    raised = outcome.death.detail if outcome.death else outcome.raised
    return f"Here there is no result: {raised}"


def _fault(
    weighing: Weighing, calls: Sequence[Call], claim: Claim, outcomes: Sequence[Outcome]
) -> Fault | None:
    results = _results(weighing, claim, outcomes)
    if results is None:
        return None  # a gradient that did not come, which `gradient` reports
    gap = weighing.gap(claim, results)
    if not gap.over.any() or not weighing.kept(claim):
        return None
    found, judged = weighing.relation, judgement(gap, weighing.held[0])
    return Fault(
        INVARIANT, "invariant", found.sides[0], calls[0], _told(found, claim, gap, judged.worst),
        judged, claim.input, cause=found.invariant.name,
    )  # fmt: skip


def _results(weighing: Weighing, claim: Claim, outcomes: Sequence[Outcome]) -> list[Floats] | None:
    found = []
    for side, name in inputs_of(claim):
        array = outcomes[side].value if name is None else outcomes[side].gradients.get(name)
        if array is None or array.shape != weighing.due(side, name):
            return None
        found.append(np.asarray(array.values))
    return found


def _told(found: Relation, claim: Claim, gap: Gap, worst: int | None) -> str:
    at = worst or 0
    actual, expected, apart, allowed = (
        float(each.reshape(-1)[at]) for each in (gap.actual, gap.expected, gap.apart, gap.allowed)
    )
    what = f"the gradient with respect to {claim.input}" if claim.input else "the loss"
    sense = {"=": "", "<=": "at most ", ">=": "at least "}[claim.sense]
    return (
        f"{found.invariant.text} Here {what} is {actual:.17g}, and should be {sense}"
        f"{expected:.17g}: apart by {apart:.3g}, {allowed:.3g} allowed ({found.name})"
    )


def again(
    block: Block, case: Case, name: str, ask: Callable[[Sequence[Call]], list[Outcome]]
) -> list[Fault]:
    """The faults of one relation on another base case."""
    found = relation(case, block.loss, name)
    book = Book(block.loss.id, block.side.name, block.dtype, lambda fault: None)
    made = None if found is None else _task(block, found, book)
    if made is not None:
        made.judge(book, ask(made.calls))
    return book.faults


def base_and_name(text: str) -> tuple[str, str]:
    """Of the id of a side: the base case and the name of the relation."""
    base, _, name = text.partition(f"/{MARK}")
    return base, name.partition("+")[0]
