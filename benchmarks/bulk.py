"""Bulk verification of elementwise losses against the time of the float64 reference alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from benchmarks.stopwatch import side_by_side
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.block import Block
from conformance.engine.judge import judge
from conformance.engine.run import ask
from conformance.engine.workers import Station, open_stations
from conformance.specs.library import load_library
from conformance.targets.call import Call
from conformance.targets.target import Target

LOSSES = ("l1", "mse", "binary_cross_entropy_with_logits")
ELEMENTS = 1_000_000
REPETITIONS = 9
TARGET = 2.5


@dataclass
class Steps:
    """Seconds of each step, over the repetitions."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.seconds[name].append(perf_counter() - began)

    def medians(self) -> dict[str, float]:
        return {name: median(each[1:]) for name, each in self.seconds.items()}


def measure() -> None:
    """Print, for each loss, all of the verification over the reference alone, and each step."""
    print(f"torch, float32, `typical`, {ELEMENTS:,} elements a batch, reduction none, the value;")
    print(f"medians of {REPETITIONS} alternating repetitions; at most {TARGET} is the aim")
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse("torch@cpu")], stack)
        if absent:
            print(f"not run: {absent[0].reason}")
            return
        for loss in LOSSES:
            _one(loss, stations[0])


def _one(name: str, station: Station) -> None:
    losses = load_library().losses
    loss = losses[name]
    block = Block(station.side, loss, "float32", losses)
    recipe = Recipe(name, "float32", "typical", (ELEMENTS,), None, "none", (), 1)
    held = block.held(build(recipe, loss))
    steps = Steps()

    def verify() -> None:
        with steps.step("generate"):
            case = build(recipe, loss)
        with steps.step("reference"):
            fresh = block.held(case)
            expected = fresh.value()
        with steps.step("call"):
            call = block.bound(case, gradient=())
            assert isinstance(call, Call)
            value = ask(station, [call])[0].value
            assert value is not None
        with steps.step("judge"):
            judged = judge(value.values, expected, fresh.form, fresh.value_limits_at)
        assert not judged.failed.size

    times = side_by_side({"verification": verify, "reference": held.value}, REPETITIONS)
    alone = times["reference"]
    parts = ", ".join(f"{step} {time / alone:.2f}" for step, time in steps.medians().items())
    ratio = times["verification"] / alone
    print(f"{name}: {ratio:.2f} (reference alone {1e3 * alone:.1f} ms) = {parts}", flush=True)
