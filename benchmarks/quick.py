"""Wall time and peak memory of the quick profile over all stock targets, as a user starts it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from conformance.cli.selection import STOCK

SECONDS, GIGABYTES = 60, 3
_JUDGED = (0, 1)
"""Exits of a run that went through: all as stated, or with findings."""
_INTERVAL = 0.1
_LINES = 5


@dataclass(frozen=True)
class Ran:
    """How a run went; `resident` and `proportional` are bytes of each process at the peak.

    Resident pages that processes share count in each of them; proportional ones are divided.
    """

    seconds: float
    status: int
    resident: tuple[int, ...]
    proportional: tuple[int, ...]
    said: str


def measure() -> None:
    """Print wall time and peak memory of `conformance run --profile quick`, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "results.jsonl.gz")
        words = ["run", "--profile", "quick", "-o", output]
        targets = [word for name in STOCK for word in ("-t", name)]
        ran = watched([sys.executable, "-m", "conformance", *words, *targets])
    print(f"conformance run --profile quick on {', '.join(STOCK)}")
    if ran.status not in _JUDGED:
        print(f"no figure: the run broke off with exit {ran.status}:\n{ran.said}")
        return
    print(f"wall time: {ran.seconds:.1f} s, {ran.seconds / SECONDS:.2f} of the {SECONDS} s allowed")
    for what, sizes in (("resident", ran.resident), ("proportional", ran.proportional)):
        gigabytes = [size / 1e9 for size in sizes]
        parts = " + ".join(f"{size:.2f}" for size in gigabytes)
        share = sum(gigabytes) / GIGABYTES
        print(
            f"peak memory, {what}: {sum(gigabytes):.2f} GB ({parts}), "
            f"{share:.2f} of the {GIGABYTES} GB allowed"
        )
    print(f"exit {ran.status}; it said last:\n{ran.said}")


def watched(words: list[str]) -> Ran:
    """Run a command; sample the memory of it and of everything it started."""
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
        peak: tuple[int, ...] = ()
        divided: tuple[int, ...] = ()
        while process.poll() is None:
            family = sorted(descendants(process.pid))
            sizes = tuple(kilobytes(each, "status", "VmRSS") * 1024 for each in family)
            if sum(sizes) > 1.01 * sum(peak):  # what the kernel must divide takes it a while
                peak = sizes
                divided = tuple(kilobytes(each, "smaps_rollup", "Pss") * 1024 for each in family)
            time.sleep(_INTERVAL)
        seconds = time.perf_counter() - began
        output.seek(0)
        said = "\n".join(output.read().strip().splitlines()[-_LINES:])
    return Ran(seconds, process.returncode, peak, divided, said)


def descendants(root: int) -> set[int]:
    """The process and all that descend from it, of those that /proc shows now."""
    parents = {int(each.name): _parent(each) for each in Path("/proc").glob("[0-9]*")}
    family = {root}
    while new := {child for child, parent in parents.items() if parent in family} - family:
        family |= new
    return family


def _parent(folder: Path) -> int | None:
    try:
        # The name, in brackets, may hold blanks and brackets; state and parent follow it.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None  # gone meanwhile


def kilobytes(process: int, file: str, key: str) -> int:
    """An entry of a file in /proc; 0 once the process is gone, or where it may not be read."""
    try:
        for line in Path(f"/proc/{process}/{file}").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
    except OSError:
        pass  # gone meanwhile
    return 0
