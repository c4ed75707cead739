"""Bulk verification of elementwise losses against the time of the float64 reference alone."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.stopwatch import side_by_side
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cli.children import sent
from conformance.engine.block import Block
from conformance.engine.judge import Held, judge
from conformance.engine.workers import Station, ask, open_stations
from conformance.numerics.formats import Floats
from conformance.specs.library import load_library
from conformance.targets.call import Call
from conformance.targets.target import Target

LOSSES = ("l1", "mse", "binary_cross_entropy_with_logits")
ELEMENTS = 1_000_000
REPETITIONS = 7
BATCHES = 4
"""In a stream, timed together."""
PROCESSES = 2
"""That verify side by side, as those of `conformance run` do: one a core."""
TARGET = 2.5


def measure() -> None:
    """Print, for each loss, all of the verification over the reference alone, and each step."""
    print(f"torch, float32, `typical`, {ELEMENTS:,} elements a batch, reduction none, the value;")
    print(
        f"streams of {BATCHES}, in {PROCESSES} processes each with its worker; "
        f"medians of {REPETITIONS} alternating repetitions;"
    )
    print(f"at most {TARGET} is the aim")
    for loss in LOSSES:
        with ExitStack() as stack:
            others = [sent(drive, loss, stack, duplex=True)[0] for _ in range(PROCESSES - 1)]
            steps = begun(loss, stack)
            if steps is None:
                return
            for other in others:
                other.recv()
            _one(loss, steps, others)
            for other in others:
                other.send(False)


def begun(name: str, stack: ExitStack) -> Steps | None:
    """The loss on torch, started; None, with a word, where that cannot be."""
    stations, absent = open_stations([Target.parse("torch@cpu")], stack)
    if absent:
        print(f"not run: {absent[0].reason}")
        return None
    losses = load_library().losses
    recipe = Recipe(name, "float32", "typical", (ELEMENTS,), None, "none", (), 1)
    return Steps(Block(stations[0].side, losses[name], "float32", losses), stations[0], recipe)


def drive(name: str, line: Connection) -> None:
    """One more process: say that it is ready, then a stream whenever it is told to."""
    with ExitStack() as stack, closing(line), ThreadPoolExecutor(1) as pool:
        steps = begun(name, stack)
        assert steps is not None
        line.send(True)
        while line.recv():
            stream(steps, pool)
            line.send(True)


def _one(name: str, steps: Steps, others: list[Connection]) -> None:
    case = steps.generate()
    held = steps.block.held(case)
    value = steps.call(case)
    expected = held.value()
    with ThreadPoolExecutor(1) as pool:
        times = side_by_side(
            {
                "all": lambda: together(steps, others, pool),
                "one": lambda: stream(steps, pool),
                "reference": held.value,
                "generate": steps.generate,
                "call": lambda: steps.call(case),
                "judge": lambda: steps.judge(steps.block.held(case), value, expected),
            },
            REPETITIONS,
        )
    alone = times.pop("reference")
    ratio = times.pop("all") / (BATCHES * PROCESSES) / alone
    one = times.pop("one") / BATCHES / alone
    parts = ", ".join(f"{step} {time / alone:.2f}" for step, time in times.items())
    print(
        f"{name}: {ratio:.2f} (reference alone {1e3 * alone:.1f} ms); "
        f"one process {one:.2f}; its steps: reference 1, {parts}",
        flush=True,
    )


def together(steps: Steps, others: list[Connection], pool: ThreadPoolExecutor) -> None:
    """A stream in every process."""
    for other in others:
        other.send(True)
    stream(steps, pool)
    for other in others:
        other.recv()


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
