"""Audits: the cost over that of two runs, what asking both at once saves, and the driver's memory.

The two sides are this interpreter twice, so that nothing is installed and both cost the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from conformance.engine.request import DTYPES, Request
from conformance.engine.run import attributed
from conformance.engine.workers import Station, open_places
from conformance.specs.library import load_library
from conformance.targets.target import Target

TARGET = "torch"
ALLOWED, SAVED = 1.2, 1.6


def measure(profile: str) -> None:
    """Print the three figures for one profile."""
    one, other = (
        _command("run", "-t", TARGET, "--profile", profile, "-o", "run.jsonl.gz") for _ in "ab"
    )
    here = f"py:{sys.executable}"
    audit = _command("audit", here, here, "-t", TARGET, "--profile", profile)
    share = audit / (one + other)
    print(f"audit {audit:.1f} s, runs {one:.1f} + {other:.1f} s: {share:.2f} (at most {ALLOWED})")
    alone, together = _asked(1, profile), _asked(2, profile)
    gain = 2 * alone / together
    print(
        f"two stations at once {together:.1f} s, one {alone:.1f} s: "
        f"{gain:.2f} times faster than one after the other (at least {SAVED})"
    )
    for name in ("quick", profile):
        print(f"driver's peak after {name}: {_memory(name)} MB")


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


def _asked(count: int, profile: str) -> float:
    """Seconds that the engine takes with so many stations, their start left out."""
    library = load_library()
    request = Request(tuple(library.losses), (Target.parse(TARGET),), DTYPES, profile=profile)
    with ExitStack() as stack:
        found = open_places([(request.targets[0], None)] * count, stack)
        stations = [each for each in found if isinstance(each, Station)]
        began = time.perf_counter()
        for _ in attributed(request, library.losses, stations, []):
            pass
        return time.perf_counter() - began


def _memory(profile: str) -> int:
    """Peak resident megabytes of a driver of its own."""
    program = (
        "import resource; from benchmarks.auditing import _asked; "
        f"_asked(2, {profile!r}); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env=_surroundings(),
    )  # fmt: skip
    return int(done.stdout.split()[-1]) // 1024
