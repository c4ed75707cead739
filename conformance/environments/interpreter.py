"""Python interpreters of this machine: found on PATH, and asked what they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from conformance.environments.errors import EnvironmentFault, last_lines
from conformance.environments.requirement import normalised

OLDEST = (3, 9)
"""The worker needs it."""
_NEWEST_MINOR = 20
_SECONDS = 60
_IDENTITY = """import json, sys, sysconfig
print(json.dumps([list(sys.version_info[:3]), sysconfig.get_platform()]))"""
_INSTALLED = """import json
from importlib.metadata import distributions
found = {each.metadata["Name"]: each.version for each in distributions()}
print(json.dumps({name: version for name, version in found.items() if name}))"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs; `platform` as in the names of wheels."""

    path: str
    version: tuple[int, ...]
    platform: str

    @property
    def name(self) -> str:
        return "Python " + ".".join(map(str, self.version))


def surroundings(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables without those that would let its own packages in."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "PYTHONNOUSERSITE": "1", **(extra or {})}


def probe(path: str) -> Interpreter:
    """Ask an interpreter what it is; raises EnvironmentFault where it does not say."""
    version, platform = _asked(path, _IDENTITY)
    return Interpreter(path, tuple(version), platform)


def installed(path: str) -> dict[str, str]:
    """Versions of all that is installed for an interpreter, by normalised name."""
    return {normalised(name): version for name, version in sorted(_asked(path, _INSTALLED).items())}


def discover() -> list[Interpreter]:
    """This process's own interpreter, then those on PATH, newest first; each version once."""
    names = [f"python3.{minor}" for minor in range(_NEWEST_MINOR, OLDEST[1] - 1, -1)]
    paths = [path for path in map(shutil.which, names) if path is not None]
    with ThreadPoolExecutor(8) as pool:
        found = [each for each in pool.map(_perhaps, [sys.executable, *paths]) if each is not None]
    first: dict[tuple[int, ...], Interpreter] = {}
    for each in found:
        first.setdefault(each.version[:2], each)
    return [each for minor, each in first.items() if minor >= OLDEST]


def find(word: str) -> Interpreter:
    """The interpreter that a user names: 3.11, python3.11 or a path; raises EnvironmentFault."""
    name = f"python{word}" if re.fullmatch(r"3(\.\d+)?", word) else word
    path = shutil.which(os.path.expanduser(name))
    if path is None:
        raise EnvironmentFault(f"there is no interpreter {word!r}; name a version or a path")
    found = probe(os.path.abspath(path))
    if found.version < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise EnvironmentFault(f"{path} is {found.name}; the worker needs {needed} or newer")
    return found


def _perhaps(path: str) -> Interpreter | None:
    try:
        return probe(path)
    except EnvironmentFault:  # a launcher of a version that is not there
        return None


def _asked(path: str, program: str) -> Any:
    try:
        done = subprocess.run(
            [path, "-c", program],
            capture_output=True, text=True, timeout=_SECONDS, env=surroundings(), check=True,
        )  # fmt: skip
        return json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        said = last_lines(error.stderr) or f"it ended with {error.returncode} and said nothing"
        raise EnvironmentFault(f"{path} does not run as Python: {said}") from error
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EnvironmentFault(f"{path} does not run as Python: {error}") from error
