"""Audits: the cost over that of two runs, what two sides at once save, and the memory of a driver.

The two sides are this interpreter twice, so that nothing is installed and both cost the same.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from conformance.cli.auditing import record_sides
from conformance.cli.recording import record_in
from conformance.engine.request import DTYPES, Request
from conformance.engine.workers import Place
from conformance.environments import Environment, Side
from conformance.environments.interpreter import installed, probe
from conformance.specs.library import load_library
from conformance.targets.target import Target

TARGET = "torch"
ALLOWED, SAVED = 1.2, 1.6
_CORES = os.cpu_count() or 1


def measure(profile: str) -> None:
    """Print each of the three figures for one profile as soon as it is there."""
    peaks = {name: _memory(name) for name in dict.fromkeys(("quick", profile))}
    told = ", ".join(f"{name} {peak} MB" for name, peak in peaks.items())
    more = f": {peaks[profile] / peaks['quick']:.2f} times" if len(peaks) > 1 else ""
    print(
        f"peak of a side's driver, {len(_request(profile).losses)} losses: {told}{more}", flush=True
    )
    alone, together = _recorded(1, profile), _recorded(2, profile)
    # Two sides take twice the processor of one, whose driver and worker run at once already.
    most = min(2.0, alone.wall * _CORES / alone.busy)
    print(
        f"two sides at once {together.wall:.1f} s, one {alone.wall:.1f} s: "
        f"{2 * alone.wall / together.wall:.2f} times faster than one after the other "
        f"(at least {SAVED}); {together.busy:.1f} and {alone.busy:.1f} s of processor, "
        f"so that {_CORES} cores allow for {most:.2f}",
        flush=True,
    )
    run = ("run", "-t", TARGET, "--profile", profile, "-o", "run.jsonl.gz")
    here = f"py:{sys.executable}"
    one = _command(*run)
    audit = _command("audit", here, here, "-t", TARGET, "--profile", profile)
    other = _command(*run)
    share = audit / (one + other)
    print(
        f"audit {audit:.1f} s, runs {one:.1f} + {other:.1f} s: {share:.2f} (at most {ALLOWED})",
        flush=True,
    )


def _command(*words: str) -> float:
    """Wall seconds of a command, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "conformance", *words],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            env=_surroundings(),
        )  # fmt: skip
        return time.perf_counter() - began


def _surroundings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


class Took(NamedTuple):
    """Seconds on the wall, and of the processor over all processes."""

    wall: float
    busy: float


def _recorded(count: int, profile: str) -> Took:
    """What recording so many sides at once takes, their start included."""
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.perf_counter(), _busy()
        record_sides(_request(profile), [_here()] * count, Path(folder), {})
        return Took(time.perf_counter() - began, _busy() - before)


def _busy() -> float:
    """Of the children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(profile: str) -> int:
    """Peak resident megabytes of the driver of a side."""
    program = f"from benchmarks.auditing import drive; drive({profile!r})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env=_surroundings(),
    )  # fmt: skip
    return int(done.stdout.split()[-1]) // 1024


def drive(profile: str) -> None:
    """Record one side in this process, and print the peak of its memory in kilobytes."""
    here = _here()
    place = Place(here.python, here.versions)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "side.jsonl.gz"
        record_in(place, _request(profile), load_library(), file, {}, lambda _: None)
    print(_peak())


def _peak() -> int:
    """Kilobytes; `ru_maxrss` begins with what the process that started this one had in memory."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _here() -> Environment:
    interpreter = probe(sys.executable)
    return Environment(Side("here"), sys.executable, interpreter, installed(sys.executable))


def _request(profile: str) -> Request:
    losses = tuple(load_library().losses)
    return Request(losses, (Target.parse(TARGET),), DTYPES, profile=profile)
