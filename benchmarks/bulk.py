"""Bulk verification of elementwise losses against the time of the float64 reference alone."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.stopwatch import side_by_side
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.block import Block
from conformance.engine.judge import Held, judge
from conformance.engine.lane import ask
from conformance.engine.workers import Station, open_stations
from conformance.numerics.formats import Floats
from conformance.specs.library import load_library
from conformance.targets.call import Call
from conformance.targets.target import Target

LOSSES = ("l1", "mse", "binary_cross_entropy_with_logits")
ELEMENTS = 1_000_000
REPETITIONS = 7
BATCHES = 4
"""In a stream, timed together."""
TARGET = 2.5


def measure() -> None:
    """Print, for each loss, all of the verification over the reference alone, and each step."""
    print(f"torch, float32, `typical`, {ELEMENTS:,} elements a batch, reduction none, the value;")
    print(
        f"a stream of {BATCHES}, in two processes; medians of {REPETITIONS} alternating repetitions;"
    )
    print(f"at most {TARGET} is the aim")
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse("torch@cpu")], stack)
        if absent:
            print(f"not run: {absent[0].reason}")
            return
        for loss in LOSSES:
            _one(loss, stations[0])


def _one(name: str, station: Station) -> None:
    losses = load_library().losses
    block = Block(station.side, losses[name], "float32", losses)
    recipe = Recipe(name, "float32", "typical", (ELEMENTS,), None, "none", (), 1)
    held = block.held(build(recipe, losses[name]))
    steps = Steps(block, station, recipe)
    case = steps.generate()
    value = steps.call(case)
    expected = held.value()
    with ThreadPoolExecutor(1) as pool:
        times = side_by_side(
            {
                "verification": lambda: stream(steps, pool),
                "reference": held.value,
                "generate": steps.generate,
                "call": lambda: steps.call(case),
                "judge": lambda: steps.judge(block.held(case), value, expected),
            },
            REPETITIONS,
        )
    alone = times.pop("reference")
    ratio = times.pop("verification") / BATCHES / alone
    parts = ", ".join(f"{step} {time / alone:.2f}" for step, time in times.items())
    one_by_one = 1.0 + sum(times.values()) / alone
    print(
        f"{name}: {ratio:.2f} (reference alone {1e3 * alone:.1f} ms); "
        f"one after the other {one_by_one:.2f} = reference 1, {parts}",
        flush=True,
    )


@dataclass(frozen=True)
class Steps:
    """What verifying one batch takes."""

    block: Block
    station: Station
    recipe: Recipe

    def generate(self) -> Case:
        return build(self.recipe, self.block.loss)

    def call(self, case: Case) -> Floats:
        call = self.block.bound(case, gradient=())
        assert isinstance(call, Call)
        value = ask(self.station, [call])[0].value
        assert value is not None
        return value.values

    def judge(self, held: Held, value: Floats, expected: Floats) -> None:
        judged = judge(value, expected, held.form, held.value_limits_at)
        assert not judged.failed.size


def stream(steps: Steps, pool: ThreadPoolExecutor) -> None:
    """Batches as a run works on them: the target has the next one while the last is judged."""
    ahead: list[tuple[Case, Future[Floats]]] = []
    for turn in range(BATCHES + 1):
        if turn < BATCHES:
            case = steps.generate()
            ahead.append((case, pool.submit(steps.call, case)))
        if turn:
            case, answer = ahead.pop(0)
            held = steps.block.held(case)
            expected = held.value()
            steps.judge(held, answer.result(), expected)
