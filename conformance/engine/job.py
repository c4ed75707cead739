"""One batch on one target: its answers judged, what failed made small, and the cells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from conformance.cases.case import Case
from conformance.engine import drawn
from conformance.engine.block import Block, Task
from conformance.engine.book import Book, Fault, digest_of_cases, merged_reasons
from conformance.engine.claims import INVARIANT
from conformance.engine.finding import documented, findings
from conformance.engine.hunt import hunted
from conformance.engine.invariants import smallest
from conformance.engine.known import vanished
from conformance.engine.properties import WRITTEN
from conformance.engine.request import Request
from conformance.engine.row import SECOND_ORDER
from conformance.engine.shrink import ATTEMPTS, shrunk
from conformance.engine.suggestion import suggestion
from conformance.engine.tally import DEATHS
from conformance.engine.workers import Absent, Station, ask
from conformance.results.cell import Cell, Climb
from conformance.specs.models import Loss
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome


@dataclass(frozen=True)
class Batch:
    """One loss in one dtype: the cases, equal for all targets, and the digest of their inputs."""

    loss: Loss
    dtype: str
    cases: tuple[Case, ...]
    left_out: Mapping[str, int]

    @cached_property
    def digest(self) -> str:
        return digest_of_cases(self.cases)


@dataclass(frozen=True)
class Part:
    """Tasks whose answers come together."""

    tasks: tuple[Task, ...]
    answers: Future[list[Outcome]] = field(default_factory=Future)

    @property
    def calls(self) -> list[Call]:
        return [call for task in self.tasks for call in task.calls]


@dataclass(frozen=True)
class Job:
    """What one target was asked for a batch, while its answers are under way, part after part."""

    station: Station
    block: Block
    book: Book
    parts: tuple[Part, ...]
    batch: Batch

    def ask(self) -> None:
        """Have the parts answered, nobody else's calls between them; who waits hears of an error."""
        left = list(self.parts)
        try:
            with self.station.lock:
                while left:
                    left[0].answers.set_result(self.station.worker.evaluate(left[0].calls))
                    left.pop(0)
        except BaseException as error:
            for part in left:
                part.answers.set_exception(error)

    @property
    def answered(self) -> bool:
        return all(part.answers.done() for part in self.parts)


def parted(tasks: Sequence[Task]) -> tuple[Part, ...]:
    """Derivatives along a direction apart: a framework loads what they take when the first is asked.

    torch needs longer for that than for all calls before it, which can be judged meanwhile.
    """
    names = [task.property for task in tasks]
    at = names.index(SECOND_ORDER) if SECOND_ORDER in names else len(tasks)
    return tuple(Part(tuple(some)) for some in (tasks[:at], tasks[at:]) if some)


Told = Callable[[Sequence[Cell]], None]


def asked_of(request: Request, side: Station | Absent) -> tuple[str, ...]:
    beside = isinstance(side, Station) and side.beside
    return request.compared if beside else request.properties


def finished(request: Request, job: Job, told: Told) -> Iterator[Cell]:
    """Judge the answers, shrink what failed, and give the cells of every property."""
    climbs = _judge(request, job)
    names = asked_of(request, job.station)
    if not job.station.beside:
        told([_cell(job, name) for name in names])
    for found in findings(
        job.book.faults, job.station.target.name, _reducer(job, _attempts(request))
    ):
        job.book.tally(found.property).findings.append(found)
    for (name, _), (fault, known) in job.book.explained.items():
        shown = documented(fault, known, job.station.target.name)
        job.book.tally(name).findings.append(shown)
    for name in names:
        yield replace(_cell(job, name), climb=climbs.get(name))


def _judge(request: Request, job: Job) -> dict[str, Climb]:
    """All that the cells say but their findings; and how far a hunt came."""
    for part in job.parts:
        answers = iter(part.answers.result())
        for task in part.tasks:
            outcomes = [next(answers) for _ in task.calls]
            task.judge(job.book, outcomes)
            job.book.tally(task.property).warn(outcomes)
    asking = partial(ask, job.station)
    climbs = hunted(request, job.station, job.block, job.batch.cases, job.book, asking)
    for name, gone in vanished(job.book, job.station.target, request.known).items():
        job.book.tally(name).vanished += gone
    return climbs


def _cell(job: Job, name: str) -> Cell:
    book, absent = job.book, job.block.binding.absent
    tally = book.tally(name)
    skipped = merged_reasons(book.skipped.get(name, {}))
    empty = not (tally.cases or tally.outcomes or tally.failed or tally.known)
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
    """Ask again; the job is answered, so the worker is free unless it is a batch ahead."""
    call = job.block.bound(case)
    if not isinstance(call, Call):
        return None
    book = Book(job.book.loss, job.book.target, job.book.dtype, explain=job.book.explain)
    drawn.examine(job.block, case, call, ask(job.station, [call])[0], book)
    return next((fault for fault in book.faults if fault.property == name), None)
