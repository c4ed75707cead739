"""A run whose targets are driven by several processes says what one process says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest

from conformance.cli import crew
from conformance.cli.crew import Crew, Errand, divided, driven, hands
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.shard import shard
from conformance.engine.workers import Station
from conformance.results.cell import Cell, key
from conformance.specs.library import load_library
from conformance.targets.target import Target
from tests.cli.command import command, need, surroundings
from tests.cli.processes import alive, descendants, is_sent
from tests.engine.honest import LOSSES, station

LIBRARY = load_library()
NAMES = ("torch", "tensorflow", "optax")
REQUEST = Request(
    losses=("mse", "l1"),
    targets=tuple(Target.parse(name) for name in NAMES),
    dtypes=("float32", "float16"),
    properties=("value", "gradient", "example"),
)


@dataclass
class Task:
    """A part of the work in a thread of this process."""

    thread: Thread
    exitcode: int | None = 0

    def join(self, timeout: float | None = None) -> None:
        self.thread.join(timeout)

    def is_alive(self) -> bool:
        return False


def _stations(request: Request) -> list[Station]:
    return [station(framework=each.framework) for each in request.targets]


class Everything:
    """All cells there are: whoever is told that they are done has nothing to do."""

    def __contains__(self, _: object) -> bool:
        return True


def _freed(thread: Thread, line: Connection) -> None:
    """A test that failed has not told what is done: nobody would wait for its threads."""
    if thread.is_alive():
        line.send(Everything())


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The crew in threads, on targets made of the reference's answers."""

    def sent(
        work: Callable[[Any, Connection], None], errand: Errand, stack: ExitStack, *, duplex: bool
    ) -> tuple[Connection, Task]:
        ours, theirs = Pipe(duplex)

        def done() -> None:
            with theirs:
                driven(errand, theirs)

        thread = Thread(target=done)
        thread.start()
        stack.callback(thread.join)
        stack.callback(_freed, thread, ours)
        return ours, Task(thread)

    monkeypatch.setattr(crew, "sent", sent)
    monkeypatch.setattr(
        crew,
        "open_stations",
        lambda targets, stack: ([station(framework=each.framework) for each in targets], []),
    )


def _plain(found: list[Cell]) -> list[tuple[object, ...]]:
    return [(*key(each), each.verdict, each.cases, each.elements, each.worst) for each in found]


@pytest.mark.parametrize("count", [2, 3, 6, 12])
def test_the_cells_and_their_order_are_those_of_one_process(here: None, count: int) -> None:
    alone = list(cells(REQUEST, LOSSES, _stations(REQUEST), []))
    with ExitStack() as stack:
        made = Crew(REQUEST, LIBRARY, {}, count, stack)
        assert [each.framework for each in made.manifest.targets] == list(NAMES)
        assert made.manifest.planned == REQUEST.planned
        together = list(made.cells(set()))
    assert _plain(together) == _plain(alone)


def test_what_is_done_is_not_run_again(here: None) -> None:
    with ExitStack() as stack:
        every = list(Crew(REQUEST, LIBRARY, {}, 2, stack).cells(set()))
    done = {key(each) for each in every if each.loss == "mse"}
    with ExitStack() as stack:
        left = list(Crew(REQUEST, LIBRARY, {}, 2, stack).cells(done))
    assert [key(each) for each in left] == [key(each) for each in every if each.loss == "l1"]


def test_one_target_is_divided_by_its_losses_and_dtypes(here: None) -> None:
    request = replace(REQUEST, targets=REQUEST.targets[:1])
    alone = list(cells(request, LOSSES, _stations(request), []))
    with ExitStack() as stack:
        made = Crew(request, LIBRARY, {}, hands(request, 2), stack)
        said = made.manifest
        assert (said.planned, said.shard) == (request.planned, None)
        assert [*said.losses] == [*request.losses]
        assert said.dtypes == request.dtypes
        assert len(said.targets) == 1
        together = list(made.cells(set()))
    assert _plain(together) == _plain(alone)


def test_a_shard_is_divided_further_and_keeps_its_name(here: None) -> None:
    part = shard("2/2", REQUEST.losses, REQUEST.dtypes, LOSSES)
    request = replace(REQUEST, targets=REQUEST.targets[:1], shard=part)
    with ExitStack() as stack:
        made = Crew(request, LIBRARY, {}, hands(request, 2), stack)
        assert made.manifest.shard == "2/2"
        found = {(each.loss, each.dtype) for each in made.cells(set())}
    assert found == {*part.batches}


def test_every_cell_of_a_run_is_in_one_part_of_it() -> None:
    for count in (1, 2, 3, 6, 9, 12):
        parts = divided(REQUEST, LIBRARY, count)
        assert len(parts) == count
        assert sum(part.planned for part in parts) == REQUEST.planned


def test_a_process_for_a_core_as_long_as_there_is_a_batch_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert hands(REQUEST, None) == 2
    assert hands(REQUEST, 5) == 3
    assert hands(REQUEST, 16) == 12
    assert hands(REQUEST, 1) == 1
    assert hands(replace(REQUEST, pairs=(("l1", "float16"),)), 2) == 1
    monkeypatch.setattr(os, "cpu_count", lambda: 192)
    assert hands(REQUEST, None) == 6


def test_one_that_ends_before_its_work_is_done_makes_the_run_incomplete(
    here: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies(errand: Errand, line: Connection) -> None:
        raise AssertionError("not reached")

    def sent(work: object, errand: Errand, stack: object, *, duplex: bool) -> Any:
        ours, theirs = Pipe(duplex)
        theirs.close()
        return ours, Task(Thread(target=dies), exitcode=-9)

    monkeypatch.setattr(crew, "sent", sent)
    monkeypatch.setattr(Task, "join", lambda *_: None)
    with ExitStack() as stack, pytest.raises(click.exceptions.Exit) as ended:
        Crew(REQUEST, LIBRARY, {}, 2, stack)
    assert ended.value.exit_code == 4
    assert "torch, optax: its process was ended by signal 9" in capsys.readouterr().err


def test_the_processes_number_is_a_flag(folder: Path) -> None:
    done = command("run", "l1", "-j", "0", folder=folder)
    assert done.code == 2
    assert "--jobs" in done.err


@pytest.mark.frameworks
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("victim", "code"), [("one", 4), ("all", 143)])
def test_nobody_outlives_a_run_that_is_cut_short(victim: str, code: int, folder: Path) -> None:
    need("torch")
    need("tensorflow")
    words = ("run", "-t", "torch", "-t", "tensorflow", "-j", "2", "-o", "run.jsonl.gz")
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", *words], cwd=folder, text=True,
        env=surroundings(folder, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        until = time.monotonic() + 90.0
        while not (folder / "run.jsonl.gz").exists():
            assert time.monotonic() < until, "nothing was recorded"
            time.sleep(0.1)
        others = descendants(run.pid)
        sent = [pid for pid in others if is_sent(pid)]
        assert len(sent) == 2
        if victim == "one":
            os.kill(sent[0], signal.SIGKILL)
        else:
            run.terminate()
        _, err = run.communicate(timeout=90)
    assert run.returncode == code, err
    assert alive(others) == []
