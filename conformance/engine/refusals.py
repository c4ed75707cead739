"""Input that must be refused: by the declared exception, with gradients or without, and unharmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.cases.case import Case
from conformance.cases.edges import examples
from conformance.cases.readings import readings
from conformance.cases.rejects import RejectCase, rejects
from conformance.engine.agreement import answer
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.drawn import answer_fault, mutation_fault
from conformance.engine.judge import Held, judge
from conformance.engine.variation import Way, departure, unanswered, whole_parts
from conformance.engine.written import reduced
from conformance.numerics.formats import FORMATS
from conformance.results import cell
from conformance.results.verdict import Verdict, worst
from conformance.targets.call import Call, NotApplicable, bind
from conformance.targets.outcome import Outcome

ERROR = "error"
PLAIN, DIFFERENTIATED = "", " with gradients asked for"


@dataclass(frozen=True, eq=False)
class Refusal:
    """A reject on one target: the bad call in each mode, and a good call between any two of them."""

    reject: RejectCase
    declared: str | None
    bad: tuple[tuple[str, Call], ...]
    good: tuple[Case, Call] | None

    @property
    def calls(self) -> tuple[Call, ...]:
        if self.good is None:
            return tuple(call for _, call in self.bad)
        good = self.good[1]
        return (good, *(each for _, call in self.bad for each in (call, good)))


def tasks(block: Block, book: Book) -> Iterator[Task]:
    """Each reject without and with gradients, and a good call before and after."""
    for reject in rejects(block.loss, block.dtype):
        reason = block.binding.unchecked.get(reject.name)
        call = NotApplicable(reason) if reason else _rejected_call(block, reject, ())
        if isinstance(call, NotApplicable):
            book.skip(ERROR, call.reason)
            continue
        bad = [(PLAIN, call)]
        steep = _rejected_call(block, reject, None)
        if isinstance(steep, Call) and steep.gradient:
            bad.append((DIFFERENTIATED, steep))
        declared = block.binding.rejects.get(reject.name)
        refusal = Refusal(reject, declared, tuple(bad), _good(block, call))
        yield Task(reject.case.id, refusal.calls, _judge(block, refusal))


def _rejected_call(
    block: Block, reject: RejectCase, gradient: tuple[str, ...] | None
) -> Call | NotApplicable:
    return bind(
        reduced(reject.case, block), block.binding, block.loss,
        gradient=gradient, dtypes=reject.dtypes, version=block.side.version,
    )  # fmt: skip


def _good(block: Block, bad: Call) -> tuple[Case, Call] | None:
    """A worked example of the same callable where there is one."""
    found = []
    for written in examples(block.loss, block.dtype):
        case = reduced(written.case, block)
        for form in (bad.form, None):
            call = block.bound(case, form=form)
            if isinstance(call, Call):
                found.append((case, call))
    same = [pair for pair in found if pair[1].path == bad.path]
    return next(iter([*same, *found]), None)


def _judge(block: Block, refusal: Refusal) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        _examine(block, refusal, outcomes, book)

    return judged


def _examine(block: Block, refusal: Refusal, outcomes: Sequence[Outcome], book: Book) -> None:
    """One row of the table; a fault for each mode in which something is wrong."""
    reject, step = refusal.reject, 1 if refusal.good is None else 2
    answers = outcomes[step - 1 :: step]
    verdicts: list[Verdict] = []
    for place, ((mode, call), outcome) in enumerate(zip(refusal.bad, answers, strict=False)):
        fault = _bad_fault(block, refusal, mode, call, outcome)
        if fault is None and refusal.good is not None:
            later = outcomes[2 * place + 2]
            fault = _harm(block, refusal, mode, call, (outcomes[0], later))
        verdicts.append(book.check(ERROR, reject.case, fault))
    told = [answer(each) for each in answers]
    actual = told[0] if len({each.partition(":")[0] for each in told}) == 1 else " / ".join(told)
    due = refusal.declared or "an exception"
    given = dict(reject.given)
    book.note(ERROR, cell.Outcome(reject.name, given, due, actual, worst(verdicts), reject.breaks))


def _bad_fault(
    block: Block, refusal: Refusal, mode: str, call: Call, outcome: Outcome
) -> Fault | None:
    reject, declared = refusal.reject, refusal.declared
    case = reject.case
    due = declared or "an exception"
    if outcome.death is not None:
        return answer_fault(case, call, outcome, ERROR)
    if outcome.raised is None:
        what = f"{answer(outcome)}{likeness(block, reject, outcome)}"
        note = f"accepted in silence{mode}, and gave {what}; {reject.breaks}"
        return Fault(ERROR, "error", case, call, note, expected=due, actual=answer(outcome))
    if declared is not None and declared not in outcome.raised.names:
        note = f"raised {outcome.raised.names[0]}{mode}; the binding declares {declared}"
        actual = str(outcome.raised)
        return Fault(ERROR, "wrong-exception", case, call, note, expected=due, actual=actual)
    changed = mutation_fault(case, call, outcome)
    return None if changed is None else replace(changed, property=ERROR)


def likeness(block: Block, reject: RejectCase, outcome: Outcome) -> str:
    """What the value that came back equals, where that can be told; begins with a comma."""
    assert outcome.value is not None
    values, shape = outcome.value.values, outcome.value.shape
    if values.size and bool((values != values).all()):
        return ", which is no number"
    for words, case in readings(reject, block.loss):
        held = block.held(case)
        try:
            expected = held.value()
        except (ValueError, IndexError):  # no program takes it in this way
            continue
        if expected.shape != shape or not values.size or outcome.value.dtype not in FORMATS:
            continue
        judged = judge(values, expected, FORMATS[case.dtype], held.value_limits_at)
        if not judged.failed.size:
            return f", which equals {words}"
    return ", which is zero" if values.size and not values.any() else ""


def _harm(
    block: Block, refusal: Refusal, mode: str, bad: Call, pair: tuple[Outcome, Outcome]
) -> Fault | None:
    """What a good call gives after the refused one and did not give before.

    Other bits within the bound are no harm: sums in no fixed order differ from call to call.
    """
    before, after = pair
    assert refusal.good is not None
    reject, (good, call) = refusal.reject.case, refusal.good
    if before.value is None:
        return None
    note = f"after input was refused{mode}, a good call ({good.id}) "
    if after.death is not None:
        note += f"did not survive: {after.death.detail}"
        return Fault(ERROR, after.death.kind, reject, bad, note)
    raised = after.raised or after.gradient_raised
    if raised is not None and before.gradient_raised is None:
        note += f"raised {raised}"
        return Fault(ERROR, "exception", reject, bad, note, actual=str(raised))
    told = _departed(block.held(good), call, pair)
    if told is None:
        return None
    due, actual = answer(before), answer(after)
    return Fault(ERROR, "mutation", reject, bad, note + told, expected=due, actual=actual)


def _departed(held: Held, call: Call, pair: tuple[Outcome, Outcome]) -> str | None:
    """How the later answer differs: in form, or in a number beyond its bound that was within."""
    before, after = pair
    assert before.value is not None
    if after.value is None or after.value.shape != before.value.shape:
        return f"gives {answer(after)}, and gave {answer(before)}"
    way = Way(ERROR, "mutation", "refusal", "gives otherwise than before:")
    found = [unanswered(way, held.case, call, before, after)]
    found += [
        departure(way, held, call, part)
        for part in whole_parts(held, (call, call), pair)
        if not part.same
    ]
    return next((fault.note for fault in found if fault is not None), None)
