"""What one worker is asked, a portion at a time, a few portions ahead of the judge."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

from conformance.engine.batch import Batch
from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.row import SECOND_ORDER
from conformance.engine.workers import Station, ask
from conformance.targets.outcome import Outcome

CALLS, NUMBERS = 128, 1 << 16
"""A portion ends with the task that reaches one of them."""
UNDER_WAY = 4
"""Portions that a worker is ahead of the judge: what is in memory of a batch, however long it is."""


@dataclass
class Job:
    """One batch on one target: its tasks, made as they are wanted, and what is known of it so far."""

    station: Station
    block: Block
    book: Book
    tasks: Iterator[Task]
    batch: Batch
    under_way: int = 0
    made: bool = False
    """Whether all tasks were taken."""

    @property
    def over(self) -> bool:
        """Every answer is judged."""
        return self.made and not self.under_way


@dataclass(frozen=True)
class Portion:
    """Tasks that are asked together, and their answers, which may still be under way."""

    job: Job
    tasks: tuple[Task, ...]
    answers: Future[list[Outcome]]

    def judge(self) -> None:
        """Enter the answers into the job's book."""
        book, answers = self.job.book, iter(self.answers.result())
        for task in self.tasks:
            outcomes = [next(answers) for _ in task.calls]
            task.judge(book, outcomes)
            book.tally(task.property).warn(outcomes)
        self.job.under_way -= 1


class Lane:
    """The jobs of one worker in their order; its thread ends with the stack, and asks no more then."""

    def __init__(self, station: Station, stack: ExitStack) -> None:
        self.station = station
        self._pool = ThreadPoolExecutor(1)
        stack.callback(self._pool.shutdown, cancel_futures=True)
        self._jobs: deque[Job] = deque()
        self._asked: deque[Portion] = deque()

    def add(self, job: Job) -> None:
        self._jobs.append(job)
        self._fill()

    @property
    def first(self) -> Future[list[Outcome]] | None:
        """The answers that come next."""
        return self._asked[0].answers if self._asked else None

    def judge(self) -> None:
        """Judge the first portion, once its answers are there, and ask for another."""
        self._asked.popleft().judge()
        self._fill()

    def _fill(self) -> None:
        while self._jobs and len(self._asked) < UNDER_WAY:
            job = self._jobs[0]
            job.book.making = True
            tasks, job.tasks = portion(job.tasks)
            job.book.making = False
            if not tasks:
                job.made = True
                self._jobs.popleft()
                continue
            job.under_way += 1
            calls = [call for task in tasks for call in task.calls]
            answers = self._pool.submit(ask, self.station, calls)
            self._asked.append(Portion(job, tasks, answers))


def portion(tasks: Iterator[Task]) -> tuple[tuple[Task, ...], Iterator[Task]]:
    """The next tasks, as many as are asked together, and what is left; nothing after the last.

    Derivatives along a direction begin a portion: torch loads nine hundred modules when the first is
    asked, which takes longer than all calls before it; these can be judged meanwhile.
    """
    found: list[Task] = []
    calls, numbers = 0, 0
    for task in tasks:
        if found and found[-1].property != task.property == SECOND_ORDER:
            return tuple(found), chain([task], tasks)
        found.append(task)
        calls += len(task.calls)
        numbers += sum(array.size for call in task.calls for array in call.inputs.values())
        if calls >= CALLS or numbers >= NUMBERS:
            break
    return tuple(found), tasks


def judge_one(lanes: Sequence[Lane], *, waiting: bool) -> bool:
    """Judge a portion that is answered, `waiting` for one if need be; False where there is none."""
    asked = [(lane, lane.first) for lane in lanes if lane.first is not None]
    if waiting and asked:
        wait([answers for _, answers in asked], return_when=FIRST_COMPLETED)
    for lane, answers in asked:
        if answers.done():
            lane.judge()
            return True
    return False
