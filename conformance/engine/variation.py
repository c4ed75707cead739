"""One call made in two ways: the second may differ from the first in bits, not beyond the bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.judge import Held, Judgement, LimitsAt, judge
from conformance.numerics.classification import Class
from conformance.numerics.formats import Floats
from conformance.results import cell
from conformance.results.verdict import Kind, Verdict, worst
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome

SAME = "the same bits"
WITHIN = "other bits, within the bound"


@dataclass(frozen=True)
class Way:
    """What the second call does otherwise: a word for the row, a clause for the finding."""

    property: str
    kind: Kind
    word: str
    clause: str


@dataclass(frozen=True)
class Part:
    """The value, or one gradient, as both calls gave it; elements are those that are compared.

    `input` is None for the value.
    """

    input: str | None
    first: Floats
    second: Floats
    expected: Callable[[], Floats]
    limits: LimitsAt

    @property
    def same(self) -> bool:
        """Equal to the last bit; one NaN is as good as another."""
        zeros = np.signbit(self.first) == np.signbit(self.second)
        numbers = (self.first == self.second) & zeros
        return bool((numbers | (np.isnan(self.first) & np.isnan(self.second))).all())


def task(block: Block, case: Case, way: Way, calls: tuple[Call, Call]) -> Task:
    """The same case in two ways, `case` named for the second."""

    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        held = block.held(case)
        examine(way, held, calls, (outcomes[0], outcomes[1]), book, whole_parts)

    return Task(case.id, calls, judged)


Parts = Callable[[Held, tuple[Call, Call], tuple[Outcome, Outcome]], Iterator[Part]]


def examine(
    way: Way,
    held: Held,
    calls: tuple[Call, Call],
    outcomes: tuple[Outcome, Outcome],
    book: Book,
    parts: Parts,
) -> None:
    """Record one comparison; where the first call fails, `value` and `gradient` tell it."""
    first, second = outcomes
    if first.value is None:
        return
    found = [unanswered(way, held.case, calls[1], first, second)]
    same = True
    if found[0] is None:
        made = list(parts(held, calls, outcomes))
        same = all(part.same for part in made)
        found = [departure(way, held, calls[1], part) for part in made if not part.same]
    verdicts: list[Verdict] = [
        book.check(way.property, held.case, each) for each in found or [None]
    ]
    verdict = worst(verdicts)
    told = (SAME if same else WITHIN) if verdict == "pass" else _told(found)
    given = {"case": held.case.id}
    book.note(way.property, cell.Outcome(way.word, given, SAME, told, verdict, way.clause))


def unanswered(way: Way, case: Case, call: Call, first: Outcome, second: Outcome) -> Fault | None:
    """The second call gives no answer of the form that the first one has."""
    if second.death is not None:
        note = f"the worker did not survive {way.clause}: {second.death.detail}"
        return Fault(way.property, second.death.kind, case, call, note)
    raised = second.raised or second.gradient_raised
    if raised is not None and first.gradient_raised is None:
        note = f"{way.clause} it raised {raised}"
        return Fault(way.property, "exception", case, call, note, actual=str(raised))
    assert first.value is not None
    if second.value is None or first.gradient_raised is not None:
        return None
    one, other = (each.value.dtype if each.value else "" for each in (first, second))
    if one != other:
        note = f"{way.clause} the result has dtype {other}, else {one}"
        return Fault(way.property, "dtype", case, call, note, expected=one, actual=other)
    if missing := [
        name for name in call.gradient if name in first.gradients and name not in second.gradients
    ]:
        note = f"{way.clause} there is no gradient with respect to {missing[0]}"
        return Fault(way.property, way.kind, case, call, note, input=missing[0])
    return None


def whole_parts(
    held: Held, calls: tuple[Call, Call], outcomes: tuple[Outcome, Outcome]
) -> Iterator[Part]:
    """Value and common gradients of two calls of one case, element by element."""
    first, second = outcomes
    assert first.value is not None
    if second.value is not None and second.value.shape == first.value.shape:
        yield Part(None, first.value.values, second.value.values, held.value, held.value_limits_at)
    along = calls[1].cotangent
    for name in calls[1].gradient:
        one, other = first.gradients.get(name), second.gradients.get(name)
        if along is None or one is None or other is None or name not in held.case.inputs:
            continue
        if one.shape == other.shape:
            yield gradient_part(held, name, along, one, other)


def gradient_part(held: Held, name: str, along: Floats, one: Array, other: Array) -> Part:
    def expected() -> Floats:
        return held.gradients(along)[name]

    limits = held.gradient_limits_at(name, along)
    return Part(name, one.values, other.values, expected, limits)


def departure(way: Way, held: Held, call: Call, part: Part) -> Fault | None:
    """What the second call has beyond its bound and the first has not."""
    expected = part.expected()
    if expected.shape != part.second.shape:
        return None  # of another shape, which `shape` reports
    judged = judge(part.second, expected, held.form, part.limits)
    before = judge(part.first, expected, held.form, part.limits)
    worse = fresh(judged, before)
    if not worse.failed.size:
        return None
    place = worse.worst
    assert place is not None
    what = "the loss" if part.input is None else f"the gradient with respect to {part.input}"
    note = (
        f"{way.clause} {what} is {worse.actual[place]:.17g}, else {before.actual[place]:.17g}, "
        f"and {worse.expected[place]:.17g} is true"
    )
    return Fault(way.property, way.kind, held.case, call, note, worse, part.input)


def fresh(judged: Judgement, before: Judgement) -> Judgement:
    """The judgement with those failures only that the first call has not; of others no share counts."""
    old: NDArray[np.bool_] = np.isin(np.arange(judged.classes.size), before.failed)
    classes = np.where(old, np.int8(Class.OWN), judged.classes)
    share = np.where(old[judged.probed], np.nan, judged.share)
    return replace(judged, classes=classes.astype(np.int8), share=share)


def _told(found: Sequence[Fault | None]) -> str:
    return "; ".join(fault.actual or fault.note for fault in found if fault is not None)
