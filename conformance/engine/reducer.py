"""The smallest case of a fault: the target that failed is asked for smaller ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from conformance.cases.case import Case
from conformance.engine import drawn
from conformance.engine.book import Book, Fault
from conformance.engine.claims import INVARIANT
from conformance.engine.invariants import smallest
from conformance.engine.lane import Job
from conformance.engine.request import Request
from conformance.engine.shrink import ATTEMPTS, shrunk
from conformance.engine.suggestion import suggestion
from conformance.engine.tally import DEATHS
from conformance.engine.workers import ask
from conformance.targets.call import Call

HASTY = 30
"""Attempts at a smaller case where an answer is due within seconds."""


def attempts(request: Request) -> int:
    """Of a check in the quick profile somebody waits for the answer."""
    return HASTY if request.narrow is not None and request.depth.coarse else ATTEMPTS


def reducer(job: Job, attempts: int) -> Callable[[Fault], Fault]:
    """Shrinks a fault of a drawn case; all others are small already, and a death costs too much."""

    def reduce(fault: Fault) -> Fault:
        def retry(case: Case) -> Fault | None:
            return _retried(job, fault.property, case)

        if fault.property == INVARIANT and fault.kind not in DEATHS:
            asking = partial(ask, job.station)
            return _advised(smallest(fault, job.block, job.book.explain, asking, attempts), job)
        if fault.property not in _DRAWN or fault.kind in DEATHS:
            return _advised(fault, job)
        smaller = shrunk(fault, job.block.loss, retry, attempts)
        return _advised(smaller, job)

    return reduce


def _advised(fault: Fault, job: Job) -> Fault:
    """With the choice that its author may have meant, where the target is a user's callable."""
    hint = suggestion(fault, job.block) if job.station.target.place else ""
    return replace(fault, hint=hint) if hint else fault


_DRAWN = ("value", "gradient", "dtype", "shape", "mutation")


def _retried(job: Job, name: str, case: Case) -> Fault | None:
    """Ask again, behind the portions that the worker has in hand."""
    call = job.block.bound(case)
    if not isinstance(call, Call):
        return None
    book = Book(job.book.loss, job.book.target, job.book.dtype, explain=job.book.explain)
    drawn.examine(job.block, case, call, ask(job.station, [call])[0], book)
    return next((fault for fault in book.faults if fault.property == name), None)
