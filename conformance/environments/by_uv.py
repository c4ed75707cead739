"""Environments by uv: resolved into a pylock.toml, which knows sizes and hashes."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.environments.errors import EnvironmentFault
from conformance.environments.interpreter import Interpreter
from conformance.environments.lock import Lock, Pinned, lock
from conformance.environments.process import output
from conformance.environments.requirement import normalised


def resolve(
    program: str, interpreter: Interpreter, requirements: Sequence[str], newest: str | None
) -> Lock:
    """What uv would install for the interpreter; raises EnvironmentFault with uv's last lines."""
    until = ["--exclude-newer", newest] if newest else []
    text = output(
        [program, "pip", "compile", "-", "--format", "pylock.toml", "--quiet", "--no-header",
         "--python", interpreter.path, *until],
        given="\n".join(requirements) + "\n",
    )  # fmt: skip
    try:
        pins = [_pinned(each) for each in tomllib.loads(text).get("packages", [])]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise EnvironmentFault(f"uv's lock cannot be read: {error!r}; update uv") from error
    return lock(pins, interpreter)


def build(program: str, interpreter: Interpreter, wanted: Lock, folder: Path) -> None:
    """Make the environment in a folder; raises EnvironmentFault with uv's last lines."""
    output([program, "venv", "--quiet", "--python", interpreter.path, str(folder)])
    python = str(folder / "bin" / "python")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(wanted.requirements)
        file.flush()
        output(
            [program, "pip", "install", "--quiet", "--no-deps", "--python", python, "-r", file.name]
        )


def _pinned(package: Mapping[str, Any]) -> Pinned:
    name = normalised(package["name"])
    direct = package.get("archive")
    archives = [direct] if direct else package.get("wheels") or [package.get("sdist", {})]
    hashes = tuple(
        each["hashes"]["sha256"] for each in archives if "sha256" in each.get("hashes", {})
    )
    sizes = [each["size"] for each in archives if "size" in each]
    version = package.get("version") or _version(direct or {})
    return Pinned(name, version, _place(direct), hashes, max(sizes) if sizes else None)


def _place(direct: Mapping[str, Any] | None) -> str | None:
    """Where an archive lies that was named itself."""
    if direct is None:
        return None
    if "url" in direct:
        return str(direct["url"])
    return Path(direct["path"]).resolve().as_uri()


def _version(direct: Mapping[str, Any]) -> str:
    """The version in the name of a wheel, which the lock leaves out."""
    name = Path(direct.get("path", direct.get("url", ""))).name
    return name.split("-")[1] if name.endswith(".whl") else "0"
