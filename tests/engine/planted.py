"""Faulty implementations in a real worker: NumPy callables that one property alone catches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.engine.block import Side
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.workers import Station
from conformance.results.cell import Cell
from conformance.targets.bindings import Binding
from conformance.targets.driver import Worker
from conformance.targets.profiles import profile_of
from conformance.targets.target import Target
from tests.engine.honest import LOSSES

CALLABLES = Path(__file__).with_name("callables.py")
NUMPY = Target("numpy")


def binding(name: str, **changes: Any) -> Binding:
    given: dict[str, Any] = {
        "loss": "mse",
        "framework": "numpy",
        "call": f"{CALLABLES}:{name}",
        "inputs": {"prediction": 0, "target": 1},
        "reductions": {"none": "none", "mean": "mean", "sum": "sum"},
        "unchecked": {each.id: "not the matter here" for each in LOSSES["mse"].rejects},
    }
    return Binding.model_validate({**given, **changes})


@contextmanager
def station(name: str, **changes: Any) -> Iterator[Station]:
    """A NumPy worker with one squared error, its binding changed; every other loss is missing."""
    with Worker(NUMPY, timeout=5.0) as worker:
        bound: Mapping[str, Binding] = {"mse": binding(name, **changes)}
        yield Station(
            NUMPY, Side(NUMPY.name, "numpy", None, bound, profile_of(Target("torch"))), worker
        )


def run(name: str, *properties: str, **changes: Any) -> dict[str, Cell]:
    """The cells of the squared error in float32, by property; all where none is named."""
    with station(name, **changes) as of:
        request = Request(("mse",), (NUMPY,), ("float32",))
        if properties:
            request = Request(("mse",), (NUMPY,), ("float32",), properties)
        return {cell.property: cell for cell in cells(request, LOSSES, [of], [])}


def failing(found: Mapping[str, Cell]) -> dict[str, set[str]]:
    """The kinds of the findings, by property."""
    return {
        name: {each.kind for each in cell.findings}
        for name, cell in found.items()
        if cell.verdict not in ("pass", "n/a")
    }
