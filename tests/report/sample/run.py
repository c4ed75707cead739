"""A run of eight losses on four frameworks, with every verdict in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from conformance.results import Results, ResultsWriter, read_results
from tests.report.sample import cells
from tests.report.sample.losses import LOSSES

DTYPES = ("float64", "float32", "float16", "bfloat16")
NUMERIC = ("value", "gradient")
PROPERTIES = (*NUMERIC, "edge-case", "example", "reduction", "identity", "module", "dtype", "error")
BINARY = ("binary_cross_entropy", "kl_divergence")


@dataclass(frozen=True)
class Size:
    """How big a run to make up: rows in all cells together, and dtypes."""

    cases: int = 2_000
    dtypes: tuple[str, ...] = ("float32", "bfloat16")
    cuda: bool = True


def target(name: str, label: str, framework: str, version: str, **more: Any) -> dict[str, Any]:
    """A target that ran; keras, as in life, makes choices of its own."""
    keras = label == "keras"
    choices = {
        loss: {
            "log-of-zero": "clip(1e-7)"
            if keras
            else "floor(-100)"
            if label == "torch"
            else "exact",
            "ignored-in-mean": "counted" if keras else "excluded",
            "empty-mean": "zero" if keras else "nan",
        }
        for loss in LOSSES
    }
    order = {"value": "log_softmax_then_pick", "gradient": "softmax_minus_one_hot"}
    return {
        "name": name,
        "label": label,
        "framework": framework,
        "version": version,
        "device": "cpu",
        "python": "3.11.9",
        "packages": {"numpy": "2.3.4", framework: version},
        "conventions": choices,
        "algorithms": {loss: {**order, "rounding": "each_op"} for loss in LOSSES},
        **more,
    }


TARGETS = [
    target("torch==2.13.0@cpu", "torch", "torch", "2.13.0"),
    target("keras[tensorflow]==3.15.0@cpu", "keras", "keras", "3.15.0"),
    target("tensorflow==2.21.0@cpu", "tensorflow", "tensorflow", "2.21.0"),
    target("optax==0.2.8@cpu", "optax", "optax", "0.2.8"),
]
CUDA = target(
    "torch==2.13.0@cuda",
    "torch",
    "torch",
    "2.13.0",
    device="cuda",
    status="not run",
    reason="no CUDA device was found on this machine",
)


def manifest(size: Size, planned: int) -> dict[str, Any]:
    return {
        "kind": "manifest",
        "schema": 1,
        "suite": {"version": "0.1.0", "commit": "3f9c2ab"},
        "created": "2026-11-23T18:44:05Z",
        "profile": "quick",
        "seed": 20261123,
        "shard": None,
        "flags": {"dtype": list(size.dtypes)},
        "planned": planned,
        "machine": {
            "platform": "Linux-6.8-x86_64",
            "processor": "Xeon 6",
            "cores": 2,
            "python": "3.11.9",
        },
        "targets": [*TARGETS, CUDA] if size.cuda else TARGETS,
        "losses": LOSSES,
    }


def records(size: Size, seed: int = 0) -> list[dict[str, Any]]:
    """The cells, with rows spread evenly over those that are measured in ulp."""
    random = Random(seed)
    places = [
        (loss, name, t["name"], dtype)
        for loss in LOSSES
        for t in TARGETS
        for dtype in size.dtypes
        for name in PROPERTIES
    ]
    numeric = sum(name in NUMERIC for _, name, _, _ in places)
    made = [
        cells.cell(place, LOSSES[place[0]], max(size.cases // numeric, 1), random)
        for place in places
    ]
    return [record for record in made if record]


def write(path: Path, size: Size | None = None, seed: int = 0, end: bool = True) -> Path:
    """A results file of a made-up run; without `end` it is one that was killed."""
    size = size or Size()
    made = records(size, seed)
    with ResultsWriter(path, manifest(size, len(made))) as writer:
        for record in made:
            writer.cell(record)
        if end:
            writer.end(seconds=41.2, exit=1, verdict="made up")
    return path


def sample(folder: Path, size: Size | None = None, seed: int = 0) -> Results:
    return read_results(write(folder / "sample.jsonl.gz", size, seed))
