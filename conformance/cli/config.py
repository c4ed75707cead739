"""`[tool.conformance]` in pyproject.toml, as defaults of the command line's options."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

KEYS: dict[str, tuple[str, type]] = {
    "targets": ("target", list),
    "profile": ("profile", str),
    "dtypes": ("dtype", list),
    "device": ("device", str),
    "seed": ("seed", int),
    "output": ("output", str),
    "known": ("known", list),
    "spec-folder": ("spec_folder", str),
}
"""Key in the file -> option, and the type of its value."""

BESIDE = ("known",)
"""Files that are named from where the configuration lies."""

KINDS = {list: "a list of strings", str: "a string", int: "a whole number"}


class ConfigError(Exception):
    """A configuration that cannot be used; the message names file, key and remedy."""


def read_config(start: Path | None = None) -> dict[str, dict[str, Any]]:
    """Defaults by command, from the nearest pyproject.toml that has our table. Raises ConfigError."""
    folder = (start or Path.cwd()).resolve()
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            table = _table(file)
            if table is not None:
                options = {_option(file, key): _value(file, key, table[key]) for key in table}
                return {"run": options, "replay": options, "doctor": options}
    return {}


def _table(file: Path) -> dict[str, Any] | None:
    try:
        tools = tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not TOML: {error}; mend it or run elsewhere") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read, {error.strerror}; run elsewhere") from error
    table = tools.get("conformance") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{file}: tool.conformance is no table; write [tool.conformance]")
    return table


def _option(file: Path, key: str) -> str:
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(KEYS)}"
        raise ConfigError(f"{file}: tool.conformance has an unknown key {key!r}; {remedy}")
    return KEYS[key][0]


def _value(file: Path, key: str, value: Any) -> Any:
    kind = KEYS[key][1]
    good = isinstance(value, kind) and not isinstance(value, bool)
    if good and isinstance(value, list):
        good = all(isinstance(each, str) for each in value)
    if not good:
        raise ConfigError(f"{file}: tool.conformance.{key} is {value!r}; it takes {KINDS[kind]}")
    return [str(file.parent / each) for each in value] if key in BESIDE else value
