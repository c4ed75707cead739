"""Match faults with the known deviations of their target, strictly: a worse result still fails."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import numpy as np

from conformance.cases.sample import batch_of
from conformance.cases.variant import MARK
from conformance.engine.block import Block
from conformance.engine.book import Book, Explain, Fault
from conformance.engine.divisor import names
from conformance.engine.instead import matches
from conformance.engine.judge import Judgement
from conformance.engine.tally import Tally
from conformance.engine.workers import Station
from conformance.numerics.formats import Floats
from conformance.results.cell import Deviation as Record
from conformance.specs.formula import compile_expression
from conformance.specs.models import Loss
from conformance.specs.program import names_in_scope
from conformance.specs.vectorised import VECTORISED
from conformance.targets.known import Deviation, Expect, applies, beside, load_known
from conformance.targets.target import Target

Mask = np.ndarray


def explainer(
    station: Station, losses: Mapping[str, Loss], own: Sequence[Deviation] = ()
) -> Explain:
    """Finds the deviation that explains all of a fault; an expired one explains nothing.

    `own` are those of the project, which come after those of the suite. What explains every
    departure behind a fault explains the fault.
    """
    target = station.target
    listed = listed_for(station, own)

    def explain(fault: Fault) -> Record | None:
        behind = [explain(each) for each in fault.behind]
        if behind and all(behind):
            return behind[0]
        block = Block(station.side, losses[fault.case.loss], fault.case.dtype, losses)
        for each in listed:
            if explains(each, fault, target, block):
                return record(each)
        return None

    return explain


def listed_for(station: Station, own: Sequence[Deviation] = ()) -> list[Deviation]:
    """The deviations of a target's framework that can show beside its packages, the suite's first.

    One that has expired is none.
    """
    target = station.target
    mine = [each for each in own if each.framework == target.framework]
    every = (*load_known(target), *mine)
    return [each for each in every if not expired(each) and beside(each.when, station.installed)]


def record(deviation: Deviation) -> Record:
    return Record(deviation.id, deviation.reason, deviation.source)


def expired(deviation: Deviation) -> bool:
    """Past its last day."""
    today = datetime.date.today()
    last = deviation.expires
    return last is not None and datetime.date.fromisoformat(last) < today


def explains(deviation: Deviation, fault: Fault, target: Target, block: Block) -> bool:
    """Whether a fault is this deviation and no more than it: every failing element fits."""
    case, when, loss = fault.case, deviation.when, block.loss
    if case.loss not in deviation.loss or fault.property not in deviation.property:
        return False
    if not applies(when, target, case.dtype):
        return False
    narrowed = (
        (when.reduction, case.reduction),
        (when.case, case.id.rpartition("/")[2].removeprefix(MARK)),
        (when.input, fault.input),
    )
    if any(allowed and found not in allowed for allowed, found in narrowed):
        return False
    if fault.judged is None:
        return _fits_answer(deviation.expect, fault) and bool(_holds(when.where, fault, loss).any())
    failed = fault.judged.failed
    if not _at(failed, fault, loss, when.where).all():
        return False
    if (instead := deviation.expect.instead) is not None:
        return bool(matches(instead, fault, block)[failed].all())
    return bool(_fits(deviation.expect, fault.judged)[failed].all())


def _holds(where: str | None, fault: Fault, loss: Loss) -> Mask:
    """Sample by sample, whether the condition holds; flat over the batch."""
    batch = batch_of(fault.case.inputs, loss)
    if where is None:
        return np.ones(max(int(np.prod(batch)), 1), dtype=bool)
    expression = compile_expression(where, names_in_scope(loss))
    with np.errstate(all="ignore"):
        held = expression.evaluate(names(fault.case, loss), VECTORISED)
    return np.broadcast_to(np.asarray(held, dtype=bool), batch).reshape(-1)


def _at(elements: Mask, fault: Fault, loss: Loss, where: str | None) -> Mask:
    """The condition at the samples behind the elements; any sample serves a reduced value."""
    held = _holds(where, fault, loss)
    assert fault.judged is not None
    size = fault.judged.classes.size
    if not held.size or size < held.size:
        return np.full(elements.shape, bool(held.any()))
    return np.asarray(held[elements * held.size // size])


def _fits(expect: Expect, judged: Judgement) -> Mask:
    """Element by element, whether the value is what the deviation says."""
    actual = judged.actual
    given = expect.value
    words = given if isinstance(given, tuple) else () if given is None else (given,)
    fits = np.zeros(actual.shape, dtype=bool)
    if expect.at_most_ulp is not None:
        fits = fits | (judged.ulps <= expect.at_most_ulp)
    for word in words:
        fits = fits | _is(actual, word)
    return fits


def _is(actual: Floats, word: float | str) -> Mask:
    if word == "nan":
        return np.isnan(actual)
    if word == "infinite":
        return np.isinf(actual)
    return np.isfinite(actual) if word == "finite" else np.asarray(actual == float(word))


def _fits_answer(expect: Expect, fault: Fault) -> bool:
    """Whether an answer without comparable numbers is what the deviation says."""
    if expect.raises is not None:
        listed = (expect.raises,) if isinstance(expect.raises, str) else expect.raises
        return fault.kind == "exception" and (fault.actual or "").partition(":")[0] in listed
    if expect.accepts:
        return fault.kind == "error"
    if expect.dtype is not None:
        return fault.kind == "dtype" and fault.actual == expect.dtype
    if expect.shape is not None:
        return fault.kind == "shape" and fault.actual == str(expect.shape)
    return False


def vanished(
    book: Book, station: Station, own: Sequence[Deviation] = ()
) -> dict[str, list[Record]]:
    """Deviations tied to a case that ran and no longer shows them, by property."""
    found: dict[str, list[Record]] = {}
    for each in listed_for(station, own):
        if book.loss not in each.loss or not applies(each.when, station.target, book.dtype):
            continue
        for name in each.property:
            tally = book.tallies.get(name)
            if tally is not None and _ran(each, tally) and each.id not in tally.known:
                found.setdefault(name, []).append(record(each))
    return found


def _ran(deviation: Deviation, tally: Tally) -> bool:
    """Whether a case of the deviation was run: one of the spec, or one it was measured in."""
    written = {outcome.id for outcome in tally.outcomes if outcome.verdict != "n/a"}
    if written & set(deviation.when.case):
        return True
    seen = set(deviation.seen)
    return bool(seen) and any(row.case in seen for row in tally.rows)
