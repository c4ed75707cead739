"""Run the suite: build cases once, ask every target, judge, and give cells as they finish."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine import drawn, memory, row
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, merged_reasons
from conformance.engine.finding import documented, findings
from conformance.engine.hunt import hunted
from conformance.engine.job import Batch, Job
from conformance.engine.kept import CONTRACT
from conformance.engine.known import explainer, vanished
from conformance.engine.narrowing import narrowed
from conformance.engine.practice import algorithm_name
from conformance.engine.properties import BESIDE_OF, MAKERS, WRITTEN
from conformance.engine.reducer import attempts, reducer
from conformance.engine.request import Request
from conformance.engine.shapes import Budget, coarse, within
from conformance.engine.workers import Absent, Station, ask, in_order
from conformance.results.cell import Cell, Key
from conformance.specs.models import Loss


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
    with ThreadPoolExecutor((AHEAD + 1) * len(stations) + 1) as pool:
        ahead: list[tuple[Batch, list[Job | Absent]]] = []
        for loss, dtype in request.batches:
            left = [each for each in order if not _whole(request, loss, dtype, each, done)]
            if not left:
                continue
            batch = _drawn(request, losses[loss], dtype)
            asked = [
                each if isinstance(each, Absent) else _ask(request, losses, batch, each, pool)
                for each in left
            ]
            ahead.append((batch, asked))
            while ahead and (len(ahead) > AHEAD or _answered(ahead[0][1])):
                yield from _finished(request, *ahead.pop(0))
        for pair in ahead:
            yield from _finished(request, *pair)


AHEAD = 3
"""Batches that a slow target may be ahead of the judge, who has those of all targets to judge."""


def _answered(asked: Sequence[Job | Absent]) -> bool:
    return all(isinstance(each, Absent) or each.answers.done() for each in asked)


def _finished(request: Request, batch: Batch, asked: Sequence[Job | Absent]) -> Iterator[Cell]:
    for each in asked:
        if isinstance(each, Absent):
            yield from _not_run(request, batch, each)
        else:
            yield from _finish(request, each)


def _whole(
    request: Request, loss: str, dtype: str, side: Station | Absent, done: Container[Key]
) -> bool:
    return all((loss, name, side.target.name, dtype) in done for name in _asked(request, side))


def _drawn(request: Request, loss: Loss, dtype: str) -> Batch:
    depth = request.depth
    recipes = draw(loss, dtype, depth.drawn, request.seed, largest=depth.largest)
    if depth.coarse:
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    left_out: Mapping[str, int] = {}
    if request.narrow is not None:
        recipes, left_out = narrowed(recipes, request.narrow, loss)
    return Batch(loss, dtype, tuple(build(recipe, loss) for recipe in recipes), left_out)


def _ask(
    request: Request,
    losses: Mapping[str, Loss],
    batch: Batch,
    station: Station,
    pool: ThreadPoolExecutor,
) -> Job:
    block = Block(station.side, batch.loss, batch.dtype, losses)
    binding = block.binding
    explain = explainer(station.target, losses, request.known)
    book = Book(
        batch.loss.id,
        station.target.name,
        batch.dtype,
        explain,
        algorithm_name(binding, batch.loss),
    )
    if not station.beside:
        _leave_out(book, batch.left_out)
    tasks = (
        tuple(_tasks(request, station, block, batch.cases, book)) if binding.absent is None else ()
    )
    calls = [call for task in tasks for call in task.calls]
    return Job(station, block, book, tasks, pool.submit(ask, station, calls), batch)


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
    """Judge the answers, shrink what failed, and give the cells of every property."""
    answers = iter(job.answers.result())
    for task in job.tasks:
        outcomes = [next(answers) for _ in task.calls]
        task.judge(job.book, outcomes)
        job.book.tally(task.property).warn(outcomes)
    asking = partial(ask, job.station)
    climbs = hunted(request, job.station, job.block, job.batch.cases, job.book, asking)
    for found in findings(
        job.book.faults, job.station.target.name, reducer(job, attempts(request))
    ):
        job.book.tally(found.property).findings.append(found)
    for (name, _), (fault, known) in job.book.explained.items():
        shown = documented(fault, known, job.station.target.name)
        job.book.tally(name).findings.append(shown)
    for name, gone in vanished(job.book, job.station.target, request.known).items():
        job.book.tally(name).vanished += gone
    for name in _asked(request, job.station):
        yield replace(_cell(job, name), climb=climbs.get(name))


def _cell(job: Job, name: str) -> Cell:
    book, absent = job.book, job.block.binding.absent
    tally = book.tally(name)
    skipped = merged_reasons(book.skipped.get(name, {}))
    empty = not (tally.cases or tally.outcomes or tally.findings)
    tally.reason = absent or skipped or (NOTHING if empty else None)
    drawn_inputs = job.batch.digest if tally.cases and name not in WRITTEN else None
    return replace(tally.cell(), inputs=drawn_inputs)


NOTHING = "the spec or the binding states nothing of this kind"


def _not_run(request: Request, batch: Batch, absent: Absent) -> Iterator[Cell]:
    for name in request.properties:
        yield Cell(
            batch.loss.id, name, absent.target.name, batch.dtype, "not run", reason=absent.reason
        )
