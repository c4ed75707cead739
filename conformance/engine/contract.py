"""The contract of a call: which inputs it takes, the dtype and shape of what it returns, and what not.

A stock framework does as its binding declares. Of a user's callable only what the norm fixes is
asked: it may refuse what the norm does not demand, and what it returns must be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from conformance.cases.case import Case
from conformance.cases.contract import MIXED, Asking, askings, target_of
from conformance.cases.variant import MARK
from conformance.engine.agreement import answer
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault
from conformance.engine.drawn import undifferentiated
from conformance.engine.kept import CONTRACT, Kept
from conformance.engine.promise import Promise, contract_of_stock, promised
from conformance.engine.written import reduced
from conformance.results import cell
from conformance.results.verdict import Verdict, worst
from conformance.targets.bindings import SCALAR_BATCH
from conformance.targets.call import Call, NotApplicable, bind
from conformance.targets.outcome import Outcome

_NO_INTEGERS = "it takes no integers there, as `integer-target` says"
_ALL_GRADIENTS = "a companion gives gradients of real inputs without being asked"
_DTYPES = (*MIXED, "integer-target", "boolean-target")


def tasks(block: Block, book: Book) -> Iterator[Task]:
    """Each call of the contract; with two dtypes once more without gradients."""
    declared = block.binding.contract
    usual = None if declared else contract_of_stock(block.side.framework, block.loss.id)
    for asking in askings(block.loss, block.dtype):
        case = reduced(asking.case, block)
        promise = promised(asking, block.dtype, declared, usual)
        call = _call(block, asking, case)
        reason = call.reason if isinstance(call, NotApplicable) else _moot(block, asking, call)
        if isinstance(call, NotApplicable) or reason:
            book.skip(CONTRACT, reason)
            book.note(CONTRACT, _row(case, promise, "", "n/a", reason))
            continue
        calls: tuple[Call, ...] = (call,)
        if asking.clause in MIXED and call.gradient and not _compiles(block):
            calls += (replace(call, gradient=(), cotangent=None),)
        yield Task(case.id, calls, _judge(Kept(block, asking, case, promise, call)))


def _compiles(block: Block) -> bool:
    """Whether a second program for the same numbers costs more than it tells."""
    return block.side.tensors in ("optax", "jax")


def _moot(block: Block, asking: Asking, call: Call) -> str:
    """Why nobody can ask for the gradient of integers, or nothing."""
    declared = block.binding.contract
    if asking.clause != "integer-gradient":
        return ""
    if target_of(block.loss) not in call.gradient:
        return undifferentiated(call)
    if not asking.dtypes:
        return ""
    if block.side.tensors == "numpy":
        return _ALL_GRADIENTS
    refused = declared is not None and declared.word("integer-target", block.dtype) != "accepted"
    return _NO_INTEGERS if refused else ""


def _call(block: Block, asking: Asking, case: Case) -> Call | NotApplicable:
    binding = block.binding
    if binding.contract is not None:  # which says what becomes of a sample without axes
        kept = {key: why for key, why in binding.unsupported.items() if key != SCALAR_BATCH}
        binding = binding.model_copy(update={"unsupported": kept})
    call = bind(
        case, binding, block.loss,
        gradient=_gradient(block, asking), dtypes=asking.dtypes, version=block.side.version,
    )  # fmt: skip
    return replace(call, python=asking.python) if isinstance(call, Call) else call


def _gradient(block: Block, asking: Asking) -> tuple[str, ...] | None:
    """None for every floating input. A companion gives gradients in dtypes of its own choice."""
    if not asking.gradients or (asking.clause in _DTYPES and block.side.tensors == "numpy"):
        return ()
    return tuple(block.loss.inputs) if asking.clause == "integer-gradient" else None


def _judge(kept: Kept) -> Callable[[Book, Sequence[Outcome]], None]:
    def judged(book: Book, outcomes: Sequence[Outcome]) -> None:
        case, promise, outcome = kept.case, kept.promise, outcomes[0]
        if promise.may_raise and outcome.raised is not None:
            reason = f"refused: {outcome.raised}"
            book.skip(CONTRACT, f"{case.id.rpartition(MARK)[2]} is {reason}")
            book.note(CONTRACT, _row(case, promise, answer(outcome), "n/a", reason))
            return
        found = list(kept.faults(outcomes))
        verdicts: list[Verdict] = [book.check(CONTRACT, case, each) for each in found]
        if not found:
            before = len(book.faults)
            failed = kept.measure(outcome, book)
            if failed is None:
                book.check(CONTRACT, case, None)
            found = book.faults[before:]
            verdicts.append("fail" if found else "known" if failed else "pass")
        told = _told(found) or answer(outcome)
        if not found and outcome.gradient_raised is not None:
            told += f", and its gradient raised {outcome.gradient_raised}"
        book.note(CONTRACT, _row(case, promise, told, worst(verdicts), promise.clause.asks))

    return judged


def _told(found: Sequence[Fault]) -> str:
    return "; ".join(each.actual or each.note for each in found)


def _row(case: Case, promise: Promise, actual: str, verdict: Verdict, note: str) -> cell.Outcome:
    word = case.id.rpartition(MARK)[2]
    due = promise.due if promise.word is None else f"{promise.word}: {promise.due}"
    return cell.Outcome(word, {"case": case.id}, due, actual, verdict, note)
