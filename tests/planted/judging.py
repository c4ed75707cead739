"""Run `check` over one implementation, dtype by dtype, up to what it would report."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine import drawn
from conformance.engine.asked import CHECKED
from conformance.engine.block import Block
from conformance.engine.book import Book, Fault
from conformance.engine.candidate import Ready, made_ready, target_of
from conformance.engine.narrowing import narrowed
from conformance.engine.properties import MAKERS
from conformance.engine.request import PROFILES
from conformance.engine.run import budgets
from conformance.engine.shapes import coarse, within
from conformance.specs.library import load_library
from conformance.targets.candidate import Candidate
from conformance.targets.description import read_description
from conformance.targets.driver import Worker
from conformance.targets.place import read_place
from conformance.targets.target import Missing, resolve
from tests.planted.catalogue import DTYPES, Planted

ROOT = Path(__file__).resolve().parents[2]
LOSSES = load_library().losses


@cache
def _cases(loss: str, dtype: str, profile: str, seed: int, ready: _Key) -> tuple[Case, ...]:
    """As a run draws them, narrowed to what the callable takes."""
    depth = PROFILES[profile]
    recipes = draw(LOSSES[loss], dtype, depth.drawn, seed, largest=depth.largest)
    if depth.coarse:
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    recipes, _ = narrowed(recipes, ready.of.binding, LOSSES[loss])
    return tuple(build(recipe, LOSSES[loss]) for recipe in recipes)


@dataclass(frozen=True)
class _Key:
    """What of a binding decides the cases, so that callables that take the same share them."""

    text: str
    of: Ready = field(compare=False)


def _key(ready: Ready) -> _Key:
    binding = ready.binding
    return _Key(repr((sorted(binding.unsupported), sorted(binding.held.items()))), ready)


@dataclass
class Bench:
    """One worker a framework, shared by its implementations: importing takes the most time."""

    workers: dict[str, Worker] = field(default_factory=dict)

    def ready(self, planted: Planted) -> Ready:
        """The implementation described, probed and bound, as `check` does."""
        place = read_place(planted.place, ROOT, sys.path)
        candidate = Candidate(place=place, loss=planted.loss, framework=planted.framework)
        worker = self._worker(candidate)
        found = read_description(worker.describe(place.path))
        return made_ready(
            candidate, LOSSES, None, found, worker.target, worker, DTYPES, asked=False
        )

    def _worker(self, candidate: Candidate) -> Worker:
        name = candidate.framework
        if name not in self.workers:
            target = resolve(target_of(candidate))
            if isinstance(target, Missing):
                raise RuntimeError(target.reason)
            worker = Worker(replace(target, place=""), import_paths=candidate.place.import_paths)
            worker.start()
            self.workers[name] = worker
        return self.workers[name]

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def judged(ready: Ready, planted: Planted, dtype: str, profile: str, seed: int = 0) -> list[Fault]:
    """Everything that the suite holds against an implementation in one dtype."""
    cases = _cases(planted.loss, dtype, profile, seed, _key(ready))
    return held_against(ready, planted, dtype, profile, cases, CHECKED)


def held_against(
    ready: Ready,
    planted: Planted,
    dtype: str,
    profile: str,
    cases: Sequence[Case],
    properties: Collection[str],
) -> list[Fault]:
    """What these properties find on these cases, and on those that they add themselves."""
    loss, station = LOSSES[planted.loss], ready.station
    block = Block(station.side, loss, dtype, LOSSES)
    book = Book(loss.id, station.target.name, dtype, lambda fault: None)
    allowed = budgets(PROFILES[profile].compiled)
    for name in MAKERS:
        if name not in properties:
            continue
        some = cases if name == drawn.VALUE else cases[: PROFILES[profile].paired]
        made = MAKERS[name](block, some, book)
        if station.target.compiles and name in allowed:
            made = within(allowed[name], made, name, book)
        tasks = list(made)
        answers = iter(station.worker.evaluate([call for task in tasks for call in task.calls]))
        for task in tasks:
            task.judge(book, [next(answers) for _ in task.calls])
    return book.faults
