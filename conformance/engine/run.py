"""Run the suite: build cases once, ask every target, judge, and give cells as they finish."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from conformance.cases.case import Case
from conformance.engine import drawn, memory, row
from conformance.engine.batch import Batch
from conformance.engine.batch import drawn as drawn_batch
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault, merged_reasons
from conformance.engine.claims import INVARIANT
from conformance.engine.finding import documented, findings
from conformance.engine.hunt import hunted
from conformance.engine.invariants import smallest
from conformance.engine.kept import CONTRACT
from conformance.engine.known import explainer, vanished
from conformance.engine.lane import Job, Lane, ask, judge_one
from conformance.engine.practice import algorithm_name
from conformance.engine.properties import BESIDE_OF, MAKERS, WRITTEN
from conformance.engine.request import Request
from conformance.engine.shapes import Budget, within
from conformance.engine.shrink import ATTEMPTS, shrunk
from conformance.engine.suggestion import suggestion
from conformance.engine.tally import DEATHS
from conformance.engine.workers import Absent, Station, in_order
from conformance.results.cell import Cell, Key
from conformance.specs.models import Loss
from conformance.targets.call import Call


def cells(
    request: Request,
    losses: Mapping[str, Loss],
    stations: Sequence[Station],
    absent: Sequence[Absent],
    done: Container[Key] = frozenset(),
) -> Generator[Cell]:
    """Every cell of the request, in order; a target that cannot run gives `not run`.

    What is in `done` is recorded already: a batch of which a target has every cell is not run
    again on it. Of a batch that was cut short all cells come again.
    """
    order = in_order((*request.targets, *request.beside), stations, absent)
    with ExitStack() as stack:
        lanes = {each.target.name: Lane(each, stack) for each in order if isinstance(each, Station)}
        ahead: deque[tuple[Batch, list[Job | Absent]]] = deque()
        for loss, dtype in request.batches:
            left = [each for each in order if not _whole(request, loss, dtype, each, done)]
            if not left:
                continue
            batch = drawn_batch(request, losses[loss], dtype)
            asked = [
                each if isinstance(each, Absent) else _job(request, losses, batch, each)
                for each in left
            ]
            for each in asked:
                if isinstance(each, Job):
                    lanes[each.station.target.name].add(each)
            ahead.append((batch, asked))
            yield from _judged(request, ahead, [*lanes.values()], AHEAD)
        yield from _judged(request, ahead, [*lanes.values()], 0)


AHEAD = 3
"""Batches that a slow target may be ahead of the judge, who has those of all targets to judge."""


def _judged(
    request: Request,
    ahead: deque[tuple[Batch, list[Job | Absent]]],
    lanes: Sequence[Lane],
    most: int,
) -> Iterator[Cell]:
    """Judge what is answered, and give the cells of batches that are over, until `most` are left."""
    while ahead:
        batch, asked = ahead[0]
        if all(isinstance(each, Absent) or each.over for each in asked):
            ahead.popleft()
            for each in asked:
                if isinstance(each, Absent):
                    yield from _not_run(request, batch, each)
                else:
                    yield from _finish(request, each)
        elif not judge_one(lanes, waiting=len(ahead) > most):
            return


def _whole(
    request: Request, loss: str, dtype: str, side: Station | Absent, done: Container[Key]
) -> bool:
    return all((loss, name, side.target.name, dtype) in done for name in _asked(request, side))


def _job(request: Request, losses: Mapping[str, Loss], batch: Batch, station: Station) -> Job:
    block = Block(station.side, batch.loss, batch.dtype, losses)
    binding = block.binding
    explain = explainer(station.target, losses, request.known, station.installed)
    book = Book(
        batch.loss.id,
        station.target.name,
        batch.dtype,
        explain,
        algorithm_name(binding, batch.loss),
    )
    if not station.beside:
        _leave_out(book, batch.left_out)
    absent = binding.absent is not None
    tasks = iter(()) if absent else _tasks(request, station, block, batch.cases, book)
    return Job(station, block, book, tasks, batch)


def _leave_out(book: Book, reasons: Mapping[str, int]) -> None:
    """Count what drawn cases would have asked for and the callable does not take."""
    for name in (drawn.VALUE, drawn.GRADIENT):
        for reason, count in reasons.items():
            for _ in range(count):
                book.skip(name, reason)


def _asked(request: Request, side: Station | Absent) -> tuple[str, ...]:
    beside = isinstance(side, Station) and side.beside
    return request.compared if beside else request.properties


def _tasks(
    request: Request, station: Station, block: Block, cases: Sequence[Case], book: Book
) -> Iterator[Task]:
    paired = cases[: request.depth.paired]
    budget = Budget(request.depth.compiled)
    own = {
        row.SECOND_ORDER: budget.apart().apart(),
        CONTRACT: Budget(max(4, request.depth.compiled // 2)),
    }
    for name, make in MAKERS.items():
        if not {name, *BESIDE_OF.get(name, ())} & {*_asked(request, station)}:
            continue
        if name == drawn.VALUE:
            apart = budget.apart() if station.target.compiles else None
            few = request.depth.coarse
            yield from memory.tasks(request.corpus, block, book, apart, few=few)
        tasks = make(block, cases if name == drawn.VALUE else paired, book)
        if station.target.compiles and (name == CONTRACT or name not in WRITTEN):
            tasks = within(own.get(name, budget), tasks, name, book)
        yield from (replace(task, property=name) for task in tasks)


def _finish(request: Request, job: Job) -> Iterator[Cell]:
    """Shrink what failed, and give the cells of every property."""
    station = job.station
    asking = partial(ask, station)
    climbs = hunted(request, station, job.block, job.batch.cases, job.book, asking)
    for found in findings(job.book.faults, station.target.name, _reducer(job, _attempts(request))):
        job.book.tally(found.property).findings.append(found)
    for (name, _), (fault, known) in job.book.explained.items():
        shown = documented(fault, known, station.target.name)
        job.book.tally(name).findings.append(shown)
    for name, gone in vanished(job.book, station.target, request.known, station.installed).items():
        job.book.tally(name).vanished += gone
    for name in _asked(request, station):
        yield replace(_cell(job, name), climb=climbs.get(name))


def _cell(job: Job, name: str) -> Cell:
    book, absent = job.book, job.block.binding.absent
    tally = book.tally(name)
    skipped = merged_reasons(book.skipped.get(name, {}))
    empty = not (tally.cases or tally.outcomes or tally.findings)
    tally.reason = absent or skipped or (NOTHING if empty else None)
    drawn_inputs = job.batch.digest if tally.cases and name not in WRITTEN else None
    return replace(tally.cell(), inputs=drawn_inputs)


HASTY = 30
"""Attempts at a smaller case where an answer is due within seconds."""

NOTHING = "the spec or the binding states nothing of this kind"


def _attempts(request: Request) -> int:
    """Of a check in the quick profile somebody waits for the answer."""
    return HASTY if request.narrow is not None and request.depth.coarse else ATTEMPTS


def _reducer(job: Job, attempts: int) -> Callable[[Fault], Fault]:
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
    """Ask again; the worker is free unless it is a batch ahead."""
    call = job.block.bound(case)
    if not isinstance(call, Call):
        return None
    book = Book(job.book.loss, job.book.target, job.book.dtype, explain=job.book.explain)
    drawn.examine(job.block, case, call, ask(job.station, [call])[0], book)
    return next((fault for fault in book.faults if fault.property == name), None)


def _not_run(request: Request, batch: Batch, absent: Absent) -> Iterator[Cell]:
    for name in request.properties:
        yield Cell(
            batch.loss.id, name, absent.target.name, batch.dtype, "not run", reason=absent.reason
        )
