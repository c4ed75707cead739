"""What the answers of related calls are found to break: faults that name the invariant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from conformance.cases.relation import Claim, Relation
from conformance.engine.book import Book, Fault, value_fault
from conformance.engine.judge import Held, LimitsAt, judge
from conformance.engine.weighing import Gap, Weighing, inputs_of, judgement
from conformance.numerics.formats import Floats
from conformance.results.verdict import Kind
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome

INVARIANT = "invariant"

_SHAPED = "Here the result has shape"


def judge_of(
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
            kind: Kind = "shape" if text.startswith(_SHAPED) else "exception"
            death = outcomes[side].death
            found = Fault(
                INVARIANT, death.kind if death else kind, weighing.relation.sides[side],
                calls[side], f"{weighing.relation.invariant.text} {text}",
                actual=_shown(outcomes[side]), cause=weighing.relation.invariant.name,
            )  # fmt: skip
            return replace(found, behind=(replace(found, property="value"),))
    return None


def _complaint(held: Held, outcome: Outcome) -> str | None:
    if outcome.value is None:
        raised = outcome.death.detail if outcome.death else outcome.raised
        return f"Here there is no result: {raised}"
    if outcome.gradient_raised is not None:
        return f"Here there is no gradient: {outcome.gradient_raised}"
    due, found = held.value().shape, outcome.value.shape
    return None if found == due else f"{_SHAPED} {found}, not {due}"


def _shown(outcome: Outcome) -> str | None:
    if outcome.value is not None and outcome.gradient_raised is None:
        return str(outcome.value.shape)
    raised = outcome.raised or outcome.gradient_raised
    return str(raised) if raised else None


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
        behind=tuple(_behind(weighing, calls, claim, results)),
    )  # fmt: skip


def _behind(
    weighing: Weighing, calls: Sequence[Call], claim: Claim, results: Sequence[Floats]
) -> Iterator[Fault]:
    """The sides that are off by themselves, as `value` or `gradient` would report them."""
    for (side, name), values in zip(inputs_of(claim), results, strict=True):
        held, along = weighing.held[side], weighing.cotangents[side]
        limits: LimitsAt = held.value_limits_at
        if name is not None and along is not None:
            limits = held.gradient_limits_at(name, along)
        judged = judge(values, weighing.truth(side, name), held.form, limits)
        if judged.failed.size:
            what = "value" if name is None else "gradient"
            yield value_fault(what, held.case, calls[side], judged, name)


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
