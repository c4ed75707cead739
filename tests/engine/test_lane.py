"""What a worker is asked ahead of the judge, and how much of it is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from conformance.engine import lane
from conformance.engine.batch import Batch
from conformance.engine.block import Task
from conformance.engine.book import Book
from conformance.engine.lane import CALLS, UNDER_WAY, Job, Lane, judge_one, portion
from conformance.engine.request import Request
from conformance.engine.row import SECOND_ORDER
from conformance.engine.run import cells
from conformance.engine.workers import Station
from conformance.results.codec import encode
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, block, case, station

TEXT = "mse/float32/typical/33/none/-/s3"


class Desk:
    """A job whose tasks are counted when they are made and when they are judged."""

    def __init__(self, of: Station, count: int) -> None:
        self.made, self.judged, self.most = 0, list[int](), 0
        self.count = count
        book = Book("mse", of.target.name, "float32", lambda _: None)
        batch = Batch(LOSSES["mse"], "float32", (), {})
        self.job = Job(of, block("mse"), book, self._tasks(), batch)

    def _tasks(self) -> Iterator[Task]:
        call = block("mse").bound(case(TEXT))
        assert isinstance(call, Call)
        for number in range(self.count):
            self.made += 1
            self.most = max(self.most, self.made - len(self.judged))
            yield Task(TEXT, (call,), self._judge(number), "value")

    def _judge(self, number: int) -> Any:
        def judge(book: Book, outcomes: Sequence[Outcome]) -> None:
            assert len(outcomes) == 1
            self.judged.append(number)

        return judge


def worked_off(desks: Sequence[Desk], lanes: Sequence[Lane]) -> None:
    for each, its in zip(desks, lanes, strict=True):
        its.add(each.job)
    while not all(each.job.over for each in desks):
        assert judge_one(lanes, waiting=True)


def test_every_task_is_judged_once_in_order_and_few_are_held_however_many_there_are() -> None:
    of = station()
    for count in (0, 1, CALLS, 20 * CALLS):
        desk = Desk(of, count)
        with ExitStack() as stack:
            worked_off([desk], [Lane(of, stack)])
        assert desk.judged == list(range(count))
        assert desk.most <= (UNDER_WAY + 1) * CALLS


@pytest.mark.parametrize("calls", [1, 7, 1000])
def test_the_cells_do_not_depend_on_the_size_of_a_portion(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> object:
        of = station()
        request = Request(("mse", "cross_entropy"), (of.target,), ("float32",))
        return encode([*cells(request, LOSSES, [of], [])])

    whole = found()
    monkeypatch.setattr(lane, "CALLS", calls)
    monkeypatch.setattr(lane, "UNDER_WAY", 1)
    assert found() == whole


def test_jobs_of_one_worker_are_asked_one_after_the_other() -> None:
    of = station()
    first, second = Desk(of, CALLS + 1), Desk(of, 3)
    with ExitStack() as stack:
        its = Lane(of, stack)
        its.add(first.job)
        its.add(second.job)
        while not first.job.over:
            assert judge_one([its], waiting=True)
        assert second.judged == []
        while not second.job.over:
            assert judge_one([its], waiting=True)
    assert len(second.judged) == 3


def test_several_workers_are_judged_as_they_answer() -> None:
    stations = [station(), station()]
    desks = [Desk(of, 2 * CALLS) for of in stations]
    with ExitStack() as stack:
        worked_off(desks, [Lane(of, stack) for of in stations])
    assert [len(desk.judged) for desk in desks] == [2 * CALLS, 2 * CALLS]


def test_a_portion_ends_after_so_many_calls_or_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: Iterator[Task] = iter([*Desk(station(), 300)._tasks()])
    found, tasks = portion(tasks)
    assert len(found) == CALLS
    monkeypatch.setattr(lane, "NUMBERS", 3 * 66)  # two inputs of 33
    assert len(portion(tasks)[0]) == 3
    assert portion(iter(()))[0] == ()


def test_derivatives_along_a_direction_begin_a_portion_and_nothing_is_lost() -> None:
    plain = [*Desk(station(), 5)._tasks()]
    names = ["value", "value", SECOND_ORDER, SECOND_ORDER, "layout"]
    tasks = [replace(each, property=name) for each, name in zip(plain, names, strict=True)]
    left, found = iter(tasks), list[tuple[Task, ...]]()
    while True:
        some, left = portion(left)
        if not some:
            break
        found.append(some)
    assert [[task.property for task in each] for each in found] == [names[:2], names[2:]]
    assert [task for each in found for task in each] == tasks


def test_nothing_more_is_asked_when_the_stack_ends() -> None:
    of, asked = station(), list[int]()

    class Counting:
        def __init__(self) -> None:
            self.facts: dict[str, Any] = {}

        def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
            asked.append(len(calls))
            return of.worker.evaluate(calls)

        def close(self) -> None: ...

    counting = replace(of, worker=Counting())
    counting.lock.acquire()  # the worker is busy, and everything waits
    with ExitStack() as stack:
        Lane(counting, stack).add(Desk(counting, 10 * CALLS).job)
        stack.callback(counting.lock.release)  # just before the lane ends
    assert len(asked) < UNDER_WAY
