"""Two files of 100,000 cases against each other: seconds to start, and seconds for the whole diff."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from conformance.results import ResultsWriter
from conformance.results.cell import Cell, Row
from conformance.results.manifest import Formula, Loss, Machine, Manifest, Suite, Target

CASES = 100_000
START, WHOLE = 0.5, 5.0
"""Seconds allowed."""
_ROUNDS = 5
_LOSSES = 8
_DTYPES = ("float64", "float32", "float16", "bfloat16")
_PROPERTIES = ("value", "gradient", "dtype", "shape", "mutation")


def measure() -> None:
    """Print seconds of `diff --help`, of `diff` in each format, and the peak memory of `diff`."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder) / f"{side}.jsonl.gz") for side in ("base", "head")]
        for at, name in enumerate(names):
            _write(Path(name), f"2.{13 + at}.0", at)
        size = Path(names[0]).stat().st_size / 1e6
        print(f"{CASES:,} cases a side, {size:.1f} MB a file; medians of {_ROUNDS} processes")
        _told("start", ["diff", "--help"], START)
        for form in ("text", "json", "md", "junit", "html"):
            _told(f"diff, {form}", ["diff", *names, "--format", form], WHOLE)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"largest process: {peak:.2f} GB")


def _told(name: str, words: list[str], allowed: float) -> None:
    wall, busy = _seconds(words)
    share = wall / allowed
    print(
        f"{name}: {wall:.2f} s, {share:.2f} of the {allowed} s allowed; {busy:.2f} s of processor"
    )


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(words: list[str]) -> tuple[float, float]:
    """Medians of the wall time and of the processor's time of a process of its own."""
    wall, busy = [], []
    for _ in range(_ROUNDS):
        began, before = time.perf_counter(), _busy()
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *words], capture_output=True, check=False
        )
        wall.append(time.perf_counter() - began)
        busy.append(_busy() - before)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{words}: exit {done.returncode}: {done.stderr.decode()}")
    return median(wall), median(busy)


def _write(path: Path, version: str, seed: int) -> None:
    """A run of one target in which every tenth case has bits of its own, and one in 10,000 fails."""
    target = Target(f"torch=={version}@cpu", "torch", "torch", version, "cpu")
    losses: Mapping[str, Any] = {
        f"loss_{at}": Loss("0" * 64, "made-up", "Made up.", {}, Formula({}, "0"))
        for at in range(_LOSSES)
    }
    cells = list(_cells(target, losses, Random(seed)))
    manifest = Manifest(
        Suite("0"), "2026-01-01T00:00:00", "deep", 0, len(cells),
        Machine("-", "-", 1, "3.11"), (target,), losses,
    )  # fmt: skip
    with ResultsWriter(path, manifest) as writer:
        for cell in cells:
            writer.cell(cell)
        writer.end(seconds=1.0, exit=0, verdict="made up")


def _cells(target: Target, losses: Mapping[str, Any], random: Random) -> list[Cell]:
    places = [(loss, p, d) for loss in losses for p in _PROPERTIES for d in _DTYPES]
    each = CASES // len(places)
    cells = []
    for loss, name, dtype in places:
        rows = tuple(
            _row(f"{name}:{loss}/{dtype}/typical/17x3/s{at}", random) for at in range(each)
        )
        plain = Cell(loss, name, target.name, dtype, "pass", cases=each, rows=rows)
        failed = any(row.verdict == "fail" for row in rows)
        cells.append(replace(plain, verdict="fail") if failed else plain)
    return cells


def _row(case: str, random: Random) -> Row:
    error = random.random()
    digest = f"{random.getrandbits(64):016x}" if random.random() < 0.1 else "0123456789abcdef"
    if random.random() < 1e-4:
        return Row(case, "fail", "exceeds", 9 + error, 3 + error, digest)
    return Row(case, "pass", "faithful", round(error, 3), round(error / 2, 3), digest)
