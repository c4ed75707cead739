"""Environments by the standard library's venv and pip, where uv is not installed."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.environments.errors import EnvironmentFault
from conformance.environments.interpreter import Interpreter
from conformance.environments.lock import Lock, Pinned, lock
from conformance.environments.process import output
from conformance.environments.requirement import normalised

_QUIET = ("--quiet", "--disable-pip-version-check", "--no-input")
_PRIOR = (26, 0)
"""The first pip that leaves out what was uploaded after a date."""
_SECONDS = 10.0


def resolve(interpreter: Interpreter, requirements: Sequence[str], newest: str | None) -> Lock:
    """What pip would install for the interpreter; raises EnvironmentFault with pip's last lines.

    `newest` is a date: later releases are left out.
    """
    command = _pip(interpreter.path)
    until = _until(command, newest)
    report = output(
        [*command, "install", "--dry-run", "--ignore-installed", "--report", "-", *_QUIET, *until,
         *requirements]
    )  # fmt: skip
    try:
        archives = json.loads(report)["install"]
        pins = [_pinned(each) for each in archives]
    except (ValueError, KeyError, TypeError) as error:
        raise EnvironmentFault(
            f"pip's report cannot be read: {error!r}; use pip 23 to 26"
        ) from error
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(_size, (each["download_info"]["url"] for each in archives)))
    sized = [
        Pinned(each.name, each.version, each.url, each.hashes, size)
        for each, size in zip(pins, sizes, strict=True)
    ]
    return lock(sized, interpreter)


def build(interpreter: Interpreter, wanted: Lock, folder: Path) -> None:
    """Make the environment in a folder; raises EnvironmentFault with the last lines printed."""
    bare = ["--without-pip"] if find_spec("pip") else []
    output([interpreter.path, "-m", "venv", *bare, str(folder)])
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(wanted.requirements)
        file.flush()
        command = _pip(str(folder / "bin" / "python"))
        output([*command, "install", "--no-deps", *_QUIET, "-r", file.name])


def _pip(python: str) -> list[str]:
    """This process's own pip working for the other interpreter; without one, that one's."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", python]
    return [python, "-m", "pip"]


def _until(command: Sequence[str], newest: str | None) -> list[str]:
    if newest is None:
        return []
    said = output([*command, "--version"])
    found = re.match(r"pip (\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < _PRIOR:
        raise EnvironmentFault(
            f"--exclude-newer: {' '.join(said.split()[:2])} cannot leave out newer releases; "
            "install uv, or pip 26 or newer"
        )
    return ["--uploaded-prior-to", newest]


def _pinned(archive: Mapping[str, Any]) -> Pinned:
    found, info = archive["metadata"], archive["download_info"]
    url = info["url"]
    hashes = info.get("archive_info", {}).get("hashes", {})
    return Pinned(
        normalised(found["name"]),
        found["version"],
        url if archive.get("is_direct") or "archive_info" not in info else None,
        (hashes["sha256"],) if "sha256" in hashes else (),
    )


def _size(url: str) -> int | None:
    """Bytes of an archive, None where its server does not say."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            return Path(unquote(parts.path)).stat().st_size
        asked = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:
            return int(answer.headers["Content-Length"])
    except (OSError, ValueError, TypeError, urllib.error.URLError):
        return None
