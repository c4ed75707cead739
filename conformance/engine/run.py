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
from conformance.engine.book import Book
from conformance.engine.conclusion import Told, asked_of, concluded
from conformance.engine.kept import CONTRACT
from conformance.engine.known import explainer
from conformance.engine.lane import Job, Lane, judge_one
from conformance.engine.practice import algorithm_name
from conformance.engine.properties import BESIDE_OF, MAKERS, WRITTEN
from conformance.engine.request import Request
from conformance.engine.shapes import Budget, within
from conformance.engine.workers import Absent, Station, in_order
from conformance.results.cell import Cell, Key
from conformance.specs.models import Loss


def cells(
    request: Request,
    losses: Mapping[str, Loss],
    stations: Sequence[Station],
    absent: Sequence[Absent],
    done: Container[Key] = frozenset(),
    told: Told = lambda _: None,
    between: Callable[[], None] = lambda: None,
) -> Generator[Cell]:
    """Every cell of the request, in order; a target that cannot run gives `not run`.

    What is in `done` is recorded already: a batch of which a target has every cell is not run
    again on it. Of a batch that was cut short all cells come again. `told` hears of a target's
    cells of a batch as soon as they are judged, before their findings are made small. `between` is
    called after every portion that was judged, and ends the run by raising.
    """
    order = in_order((*request.targets, *request.beside), stations, absent)
    with ExitStack() as stack:
        lanes = {each.target.name: Lane(each, stack) for each in order if isinstance(each, Station)}
        judged = partial(_judged, request, [*lanes.values()], told, between)
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
            yield from judged(ahead, AHEAD)
        yield from judged(ahead, 0)


AHEAD = 3
"""Batches that a slow target may be ahead of the judge, who has those of all targets to judge."""


def _judged(
    request: Request,
    lanes: Sequence[Lane],
    told: Told,
    between: Callable[[], None],
    ahead: deque[tuple[Batch, list[Job | Absent]]],
    most: int,
) -> Iterator[Cell]:
    """Judge what is answered, and give the cells of batches that are over, until `most` are left."""
    while ahead:
        between()
        batch, asked = ahead[0]
        if all(isinstance(each, Absent) or each.over for each in asked):
            ahead.popleft()
            for each in asked:
                if isinstance(each, Absent):
                    made = [*_not_run(request, batch, each)]
                    told(made)
                    yield from made
                else:
                    yield from concluded(request, each, told)
        elif not judge_one(lanes, waiting=len(ahead) > most):
            return


def _whole(
    request: Request, loss: str, dtype: str, side: Station | Absent, done: Container[Key]
) -> bool:
    return all((loss, name, side.target.name, dtype) in done for name in asked_of(request, side))


def _job(request: Request, losses: Mapping[str, Loss], batch: Batch, station: Station) -> Job:
    block = Block(station.side, batch.loss, batch.dtype, losses)
    binding = block.binding
    explain = explainer(station, losses, request.known)
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


def _tasks(
    request: Request, station: Station, block: Block, cases: Sequence[Case], book: Book
) -> Iterator[Task]:
    paired = cases[: request.depth.paired]
    allowed = budgets(request.depth.compiled)
    for name, make in MAKERS.items():
        if not {name, *BESIDE_OF.get(name, ())} & {*asked_of(request, station)}:
            continue
        if name == drawn.VALUE:
            apart = allowed[name].apart() if station.target.compiles else None
            few = request.depth.coarse
            yield from memory.tasks(request.corpus, block, book, apart, few=few)
        tasks = make(block, cases if name == drawn.VALUE else paired, book)
        if station.target.compiles and name in allowed:
            tasks = within(allowed[name], tasks, name, book)
        yield from (replace(task, property=name) for task in tasks)


def budgets(compiled: int) -> dict[str, Budget]:
    """What each property may spend on calls that a target compiles; most of them share it.

    Written cases are asked whatever they cost.
    """
    shared = Budget(compiled)
    allowed = dict.fromkeys((name for name in MAKERS if name not in WRITTEN), shared)
    own = {row.SECOND_ORDER: shared.apart().apart(), CONTRACT: Budget(max(4, compiled // 2))}
    return allowed | own


def _not_run(request: Request, batch: Batch, absent: Absent) -> Iterator[Cell]:
    for name in request.properties:
        yield Cell(
            batch.loss.id, name, absent.target.name, batch.dtype, "not run", reason=absent.reason
        )
