"""Two ways to call one loss must agree bit for bit: function and module, alias and its reduction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.cases.case import Case
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.targets.bindings import Alias
from conformance.targets.call import Call, NotApplicable, bind
from conformance.targets.outcome import Outcome

MODULE, ALIAS = "module", "alias"


def module_tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """Cases that the binding serves both as a function and as a module."""
    if not (block.binding.call and block.binding.module):
        book.skip(MODULE, f"{block.side.framework} has this loss in one form only")
        return
    for case in cases:
        forms = [block.bound(case, form=form) for form in ("function", "module")]
        calls = [each for each in forms if isinstance(each, Call)]
        if len(calls) == 2:
            yield Task(
                case.id, tuple(calls), _same(case, calls, MODULE, "function and module differ")
            )
        else:
            refusals = [each.reason for each in forms if isinstance(each, NotApplicable)]
            book.skip(MODULE, refusals[0])


def alias_tasks(block: Block, cases: Sequence[Case], book: Book) -> Iterator[Task]:
    """A deprecated argument gives the value of the reduction it stands for, and says so."""
    for alias in block.binding.aliases:
        for case in cases:
            asked = replace(case, reduction=alias.reduction)
            plain = block.bound(asked, gradient=())
            other = bind(
                asked, block.binding, block.loss,
                gradient=(), alias=alias, version=block.side.version,
            )  # fmt: skip
            if isinstance(plain, Call) and isinstance(other, Call):
                text = f"the alias {alias.id} differs from {alias.reduction}"
                same = _same(asked, [plain, other], ALIAS, text, alias)
                yield Task(case.id, (plain, other), same)


def _same(
    case: Case, calls: Sequence[Call], name: str, text: str, alias: Alias | None = None
) -> Callable[[Book, Sequence[Outcome]], None]:
    def judge(book: Book, outcomes: Sequence[Outcome]) -> None:
        first, second = outcomes
        fault = None
        if not same_answer(first, second):
            told = f"{text}: {answer(first)} against {answer(second)}"
            refused = second.raised is not None
            fault = Fault(
                name, "exception" if refused else "module", case, calls[1], told,
                expected=answer(first), actual=answer(second),
            )  # fmt: skip
        elif alias is not None and not _warned(second, alias.warns):
            told = f"the deprecated alias {alias.id} gave no {alias.warns}"
            fault = Fault(name, "warning", case, calls[1], told)
        book.check(name, case, fault)

    return judge


def _warned(outcome: Outcome, category: str) -> bool:
    return any(name == category for name, _ in outcome.warnings)


def same_answer(first: Outcome, second: Outcome) -> bool:
    """Equal to the last bit, gradients included; or the same exception."""
    if first.value is None or second.value is None:
        names = [each.raised.names if each.raised else None for each in (first, second)]
        return names[0] is not None and names[0] == names[1]
    if first.gradients.keys() != second.gradients.keys():
        return False
    pairs = [(first.value, second.value)]
    pairs += [(array, second.gradients[name]) for name, array in first.gradients.items()]
    return all(
        a.dtype == b.dtype and a.shape == b.shape and bool((a.bits == b.bits).all())
        for a, b in pairs
    )


def answer(outcome: Outcome) -> str:
    """An outcome in a few words."""
    if outcome.value is not None:
        values = outcome.value.values.reshape(-1)
        shown = ", ".join(f"{each:.9g}" for each in values[:4].tolist())
        more = ", ..." if values.size > 4 else ""
        return f"{outcome.value.dtype}[{shown}{more}]"
    if outcome.raised is not None:
        return str(outcome.raised)
    return f"death: {outcome.death.detail}" if outcome.death else "nothing"
