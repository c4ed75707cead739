"""The processes that a command starts, and whether they outlive it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Every process that it started, and those that these started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents if parent in new]
        found += new
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that outlive a command by more than it takes a process to notice."""
    until = time.monotonic() + 5.0
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and (
        time.monotonic() < until
    ):
        time.sleep(0.1)
    return left


def is_sent(pid: int) -> bool:
    """Whether it is a part of the suite that was sent to work, no worker of a target."""
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
