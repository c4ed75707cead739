"""Run the suite over one implementation, dtype by dtype, and say which properties found what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine import drawn
from conformance.engine.block import Block, Side
from conformance.engine.book import Book, Fault
from conformance.engine.properties import MAKERS
from conformance.engine.request import PROFILES
from conformance.engine.shapes import coarse
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.targets.bindings import Binding
from conformance.targets.driver import Worker
from conformance.targets.profiles import profile_of
from conformance.targets.target import Target

ROOT = Path(__file__).resolve().parents[2]
DTYPES = ("float32", "float64", "float16", "bfloat16")
LOSSES = load_library().losses
FRAMEWORKS = {"torch": "torch", "jax": "optax", "numpy": "numpy"}


def binding_of(loss: Loss, place: str, framework: str) -> Binding:
    """What the calling contract says of a callable, and nothing else: the norm's conventions."""
    return Binding(
        loss=loss.id,
        framework=framework,
        call=place,
        inputs={name: position for position, name in enumerate(loss.inputs)},
        parameters={name: name for name in loss.parameters},
        reductions={name: name for name in loss.reductions},
    )


@cache
def cases_of(loss: str, dtype: str, profile: str, seed: int) -> tuple[Case, ...]:
    depth = PROFILES[profile]
    recipes = draw(LOSSES[loss], dtype, depth.drawn, seed, largest=depth.largest)
    if depth.coarse:
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    return tuple(build(recipe, LOSSES[loss]) for recipe in recipes)


@dataclass
class Bench:
    """Workers, one a framework, each started when it is first needed."""

    workers: dict[str, Worker] = field(default_factory=dict)

    def worker(self, framework: str) -> Worker:
        if framework not in self.workers:
            target = Target.parse(FRAMEWORKS[framework])
            self.workers[framework] = Worker(target, import_paths=[str(ROOT)])
        return self.workers[framework]

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def judged(
    bench: Bench,
    loss: str,
    place: str,
    dtype: str,
    *,
    profile: str = "quick",
    framework: str = "torch",
    seed: int = 0,
) -> list[Fault]:
    """Everything that the suite holds against an implementation in one dtype."""
    worker = bench.worker(framework)
    binding = binding_of(LOSSES[loss], place, worker.target.framework)
    side = Side(place, worker.target.framework, None, {loss: binding}, profile_of(worker.target))
    block = Block(side, LOSSES[loss], dtype, LOSSES)
    book = Book(loss, place, dtype, lambda fault: None)
    cases = cases_of(loss, dtype, profile, seed)
    for name in MAKERS:
        some = cases if name == drawn.VALUE else cases[: PROFILES[profile].paired]
        tasks = list(MAKERS[name](block, some, book))
        answers = iter(worker.evaluate([call for task in tasks for call in task.calls]))
        for task in tasks:
            task.judge(book, [next(answers) for _ in task.calls])
    return book.faults
