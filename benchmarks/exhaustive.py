"""All pairs of bfloat16 inputs: seconds for a fraction of the blocks, and what 2^32 pairs would take."""

from __future__ import annotations

from contextlib import ExitStack
from time import perf_counter

from conformance.engine.block import Block
from conformance.engine.pairs import Search
from conformance.engine.plane import plane_of
from conformance.engine.workers import Station, open_stations
from conformance.specs.library import load_library
from conformance.targets.target import Target

LOSSES = ("l1", "mse", "binary_cross_entropy_with_logits")
ALL = 1 << 32
FRACTION = 1 << 26
AIM = 200.0


def measure() -> None:
    """Print, for each loss, the pairs tried, their seconds, and the extrapolation to all pairs."""
    print(
        "torch, bfloat16, the value, reduction none; one thread in the worker, one in the driver;"
    )
    print(f"about 2^26 of 2^32 pairs, evenly spread blocks, extrapolated; {AIM:.0f} s is the aim.")
    print("Legal pairs: a target in [0, 1] leaves a quarter of the patterns.\n")
    with ExitStack() as stack:
        stations, absent = open_stations([Target.parse("torch@cpu")], stack)
        if absent:
            print(f"not run: {absent[0].reason}")
            return
        for name in LOSSES:
            _one(name, stations[0])


def _one(name: str, station: Station) -> None:
    losses = load_library().losses
    plane = plane_of(losses[name], "bfloat16")
    search = Search(Block(station.side, losses[name], "bfloat16", losses), station, plane, losses)
    search.block(0)  # the first call of a framework is slower
    legal = plane.first.size * plane.second.size
    step = max(plane.blocks * FRACTION // legal, 1)
    chosen = range(plane.blocks // (2 * step), plane.blocks, max(plane.blocks // step, 1))
    began = perf_counter()
    cells = [search.block(number) for number in chosen]
    seconds = perf_counter() - began
    tried = sum(cell.elements for cell in cells)
    settled = sum(cell.classes.get("correctly rounded", 0) for cell in cells)
    settled += sum(cell.classes.get("exact special", 0) for cell in cells)
    largest = max(cell.worst.share or 0.0 for cell in cells if cell.worst)
    print(
        f"{name}: {tried:,} of {legal:,} legal pairs in {seconds:.1f} s; all legal ones in "
        f"{seconds * legal / tried:.0f} s, 2^32 in {seconds * ALL / tried:.0f} s; "
        f"{settled / tried:.2%} settled by the table, largest share of a bound {largest:.2f}",
        flush=True,
    )
