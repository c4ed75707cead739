"""Verified elements a second: this suite's quick profile against a harness written by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks.harness import Compared, different, pairs, verify
from benchmarks.stopwatch import side_by_side
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine import drawn
from conformance.engine.block import Block
from conformance.engine.book import Book
from conformance.engine.known import explainer
from conformance.engine.request import PROFILES
from conformance.engine.shapes import coarse
from conformance.engine.workers import Station, ask, open_stations
from conformance.specs.library import load_library
from conformance.targets.target import Target

LOSSES = ("l1", "mse", "binary_cross_entropy_with_logits")
EXAMPLES = 48
REPETITIONS = 5
TARGET = 20


def measure() -> None:
    """Print elements a second of both sides, loss by loss, and the ratio of their sums."""
    try:
        import torch
    except ImportError:
        print("not run: torch is not installed")
        return
    torch.set_num_threads(1)
    print(
        f"torch, float32, values and gradients; {EXAMPLES} examples by hand, elements at different"
    )
    print(f"inputs counted; {REPETITIONS} alternating repetitions; {TARGET} is the aim")
    with ExitStack() as stack:
        stations, _ = open_stations([Target.parse("torch@cpu")], stack)
        for profile in ("quick", "default"):
            for loss in LOSSES:
                _one(loss, profile, stations[0], torch)


def _one(name: str, profile: str, station: Station, torch: Any) -> None:
    pair = pairs(torch)[name]
    compared: dict[str, Compared] = {}

    def counted(key: str, run: Callable[[], Compared]) -> Callable[[], None]:
        def go() -> None:
            compared[key] = run()

        return go

    contenders = {
        "ours": counted("ours", lambda: ours(name, profile, station)),
        "by hand": counted("by hand", lambda: verify(torch, pair, EXAMPLES, 0, fill=True)),
        "each drawn": counted("each drawn", lambda: verify(torch, pair, EXAMPLES, 0, fill=False)),
    }
    times = side_by_side(contenders, REPETITIONS)
    counts = {key: different(each) for key, each in compared.items()}
    rates = {key: counts[key] / times[key] for key in contenders}
    print(
        f"{name}, {profile}: {rates['ours']:,.0f} elements/s ({counts['ours']:,} elements); "
        f"by hand {rates['by hand']:,.0f} ({counts['by hand']:,}), ratio "
        f"{rates['ours'] / rates['by hand']:.1f}; by hand with every element drawn "
        f"{rates['each drawn']:,.0f}, ratio {rates['ours'] / rates['each drawn']:.1f}",
        flush=True,
    )


def ours(name: str, profile: str, station: Station) -> Compared:
    """Draw, build, ask and judge the cases of a profile; what was compared."""
    losses = load_library().losses
    loss, depth = losses[name], PROFILES[profile]
    block = Block(station.side, loss, "float32", losses)
    book = Book(name, station.target.name, "float32", explainer(station, losses))
    recipes = draw(loss, "float32", depth.drawn, 0, largest=depth.largest)
    if depth.coarse:
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    cases = [build(recipe, loss) for recipe in recipes]
    tasks = list(drawn.tasks(block, cases, book))
    outcomes = ask(station, [call for task in tasks for call in task.calls])
    for task, outcome in zip(tasks, outcomes, strict=True):
        task.judge(book, [outcome])
    return [
        (array.values.size, tuple(call.inputs.values()))
        for task, outcome in zip(tasks, outcomes, strict=True)
        for call in task.calls
        for array in (outcome.value, *outcome.gradients.values())
        if array is not None
    ]
