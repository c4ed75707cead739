"""The command as a user runs it: in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.targets.target import Missing, Target, resolve

ROOT = Path(__file__).parents[2]
QUICK = ("l1", "-t", "torch", "--dtype", "float32")
"""A run of two seconds."""


@dataclass(frozen=True)
class Ended:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def command(
    *words: str, folder: Path, environment: Mapping[str, str] | None = None, encoding: str = "utf-8"
) -> Ended:
    """Run `conformance WORDS` in the folder, on a screen of 80 columns that nobody watches."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=folder,
        env=surroundings(folder, environment or {}),
        capture_output=True,
        timeout=120,
    )
    return Ended(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def surroundings(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """This process's variables without those that would change what is printed."""
    changing = ("CI", "NO_COLOR", "FORCE_COLOR", "HYPOTHESIS_STORAGE_DIRECTORY", "PYTHONIOENCODING")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in changing and not name.startswith("CONFORMANCE_")
    }
    own = {"COLUMNS": "80", "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    return {**kept, **own, **extra}


def need(framework: str) -> None:
    """Skip where the framework is not installed."""
    found = resolve(Target.parse(framework))
    if isinstance(found, Missing):
        pytest.skip(found.reason)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
