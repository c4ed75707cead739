"""The end of a job: what failed is made small, and the cells of every property are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from conformance.engine.book import merged_reasons
from conformance.engine.finding import documented, findings
from conformance.engine.hunt import hunted
from conformance.engine.known import vanished
from conformance.engine.lane import Job
from conformance.engine.properties import WRITTEN
from conformance.engine.reducer import attempts, reducer
from conformance.engine.request import Request
from conformance.engine.workers import Absent, Station, ask
from conformance.results.cell import Cell

Told = Callable[[Sequence[Cell]], None]

NOTHING = "the spec or the binding states nothing of this kind"


def asked_of(request: Request, side: Station | Absent) -> tuple[str, ...]:
    """The properties that a target is asked for."""
    beside = isinstance(side, Station) and side.beside
    return request.compared if beside else request.properties


def concluded(request: Request, job: Job, told: Told) -> Iterator[Cell]:
    """The cells of a job that is over; `told` hears of them before their findings are made small."""
    book, target = job.book, job.station.target
    asking = partial(ask, job.station)
    climbs = hunted(request, job.station, job.block, job.batch.cases, book, asking)
    for name, gone in vanished(book, job.station, request.known).items():
        book.tally(name).vanished += gone
    names = asked_of(request, job.station)
    if not job.station.beside:
        told([_cell(job, name) for name in names])
    for found in findings(book.faults, target.name, reducer(job, attempts(request))):
        book.tally(found.property).findings.append(found)
    for (name, _), (fault, known) in book.explained.items():
        book.tally(name).findings.append(documented(fault, known, target.name))
    for name in names:
        yield replace(_cell(job, name), climb=climbs.get(name))


def _cell(job: Job, name: str) -> Cell:
    book, absent = job.book, job.block.binding.absent
    tally = book.tally(name)
    skipped = merged_reasons(book.skipped.get(name, {}))
    empty = not (tally.cases or tally.outcomes or tally.failed or tally.known)
    tally.reason = absent or skipped or (NOTHING if empty else None)
    drawn_inputs = job.batch.digest if tally.cases and name not in WRITTEN else None
    return replace(tally.cell(), inputs=drawn_inputs)
