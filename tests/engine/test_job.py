"""What can be judged is not kept waiting for what a target still works at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from conformance.engine.block import Block, Task
from conformance.engine.book import Book
from conformance.engine.job import Batch, Job, parted
from conformance.engine.row import SECOND_ORDER
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, case, station, unexplained

MSE = LOSSES["mse"]
FIRST, SECOND, LAST = (case(f"mse/float32/typical/3/none/-/s{seed}") for seed in (1, 2, 3))


def task(of: Block, one: Any, name: str) -> Task:
    call = of.bound(one)
    assert isinstance(call, Call)
    return Task(one.id, (call,), lambda book, outcomes: None, name)


class Slow:
    """Waits before it answers for the calls after the first ones."""

    facts: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, before_the_rest: Callable[[], object]) -> None:
        self.asked: list[int] = []
        self._before = before_the_rest

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        if self.asked:
            self._before()
        self.asked.append(len(calls))
        return [Outcome() for _ in calls]

    def close(self) -> None:
        """Nothing to end."""


def job_on(worker: Slow) -> Job:
    of = replace(station(), worker=worker)
    block = Block(of.side, MSE, "float32", LOSSES)
    tasks = [
        task(block, FIRST, "value"),
        task(block, SECOND, SECOND_ORDER),
        task(block, LAST, "layout"),
    ]
    book = Book("mse", of.target.name, "float32", unexplained)
    return Job(of, block, book, parted(tasks), Batch(MSE, "float32", (FIRST, SECOND, LAST), {}))


def test_the_first_part_is_there_while_derivatives_along_directions_are_under_way() -> None:
    goes_on = Event()
    worker = Slow(lambda: goes_on.wait(60))
    job = job_on(worker)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(job.ask)
        assert len(job.parts[0].answers.result(60)) == 1
        assert not job.answered
        goes_on.set()
        assert len(job.parts[1].answers.result(60)) == 2
    assert job.answered
    assert worker.asked == [1, 2]


def test_an_error_of_the_suite_reaches_whoever_waits_for_what_is_left() -> None:
    def broken() -> None:
        raise KeyError("a call that cannot be encoded")

    job = job_on(Slow(broken))
    job.ask()
    assert len(job.parts[0].answers.result(0)) == 1
    with pytest.raises(KeyError):
        job.parts[1].answers.result(0)
    assert job.answered


def test_tasks_without_such_derivatives_are_one_part_and_none_are_no_part() -> None:
    of = Block(station().side, MSE, "float32", LOSSES)
    tasks = [task(of, FIRST, "value"), task(of, LAST, "layout")]
    assert [len(part.tasks) for part in parted(tasks)] == [2]
    assert parted([]) == ()
