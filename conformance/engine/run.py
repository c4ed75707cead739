"""Run the suite: build cases once, ask every target, and give cells as they finish."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine import drawn, memory, row
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.job import Batch, Job, Told, asked_of, finished, parted
from conformance.engine.kept import CONTRACT
from conformance.engine.known import explainer
from conformance.engine.narrowing import narrowed
from conformance.engine.practice import algorithm_name
from conformance.engine.properties import BESIDE_OF, MAKERS, WRITTEN
from conformance.engine.request import Request
from conformance.engine.shapes import Budget, coarse, within
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
) -> Generator[Cell]:
    """Every cell of the request, in order; a target that cannot run gives `not run`.

    What is in `done` is recorded already: a batch of which a target has every cell is not run
    again on it. Of a batch that was cut short all cells come again. `told` hears of a target's
    cells of a batch as soon as they are judged, before their findings are made small.
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
                yield from _finished(request, *ahead.pop(0), told)
        for pair in ahead:
            yield from _finished(request, *pair, told)


AHEAD = 3
"""Batches that a slow target may be ahead of the judge, who has those of all targets to judge."""


def _answered(asked: Sequence[Job | Absent]) -> bool:
    return all(isinstance(each, Absent) or each.answered for each in asked)


def _finished(
    request: Request, batch: Batch, asked: Sequence[Job | Absent], told: Told
) -> Iterator[Cell]:
    for each in asked:
        if isinstance(each, Absent):
            made = list(_not_run(request, batch, each))
            told(made)
            yield from made
        else:
            yield from finished(request, each, told)


def _whole(
    request: Request, loss: str, dtype: str, side: Station | Absent, done: Container[Key]
) -> bool:
    return all((loss, name, side.target.name, dtype) in done for name in asked_of(request, side))


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
    job = Job(station, block, book, parted(tasks), batch)
    pool.submit(job.ask)
    return job


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
