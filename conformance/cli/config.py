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
    "fail-on": ("fail_on", str),
    "losses-in-use": ("in_use", list),
}
"""Key in the file -> option, and the type of its value."""

BESIDE = ("known",)
"""Files that are named from where the configuration lies."""

CANDIDATE = "candidate"
"""The tables of callables to check; `candidates` reads them."""

OF_RUN = ("run", "replay", "doctor")
COMPARING = ("diff", "report")
OF_DIFF = ("fail_on", "in_use")
OF_AUDIT = (*OF_DIFF, "profile", "dtype", "device", "seed")
"""What commands that compare take: `output` is where `run` writes, and means that alone."""

KINDS = {list: "a list of strings", str: "a string", int: "a whole number"}


class ConfigError(Exception):
    """A configuration that cannot be used; the message names file, key and remedy."""


def read_config(start: Path | None = None) -> dict[str, dict[str, Any]]:
    """Defaults by command, from the nearest pyproject.toml that has our table. Raises ConfigError."""
    file, table = nearest(start or Path.cwd())
    if file is None or table is None:
        return {}
    kept = {key: value for key, value in table.items() if key != CANDIDATE}
    options = {_option(file, key): _value(file, key, kept[key]) for key in kept}
    checked: dict[str, Any] = {
        name: options[name] for name in ("profile", "seed") if name in options
    }
    of_diff = {name: options[name] for name in OF_DIFF if name in options}
    commands = {**dict.fromkeys(OF_RUN, options), **dict.fromkeys(COMPARING, of_diff)}
    of_audit = {name: options[name] for name in OF_AUDIT if name in options}
    return {**commands, "audit": of_audit, "check": checked}


def nearest(start: Path) -> tuple[Path | None, dict[str, Any] | None]:
    """The nearest pyproject.toml that has our table, and the table. Raises ConfigError."""
    folder = start.resolve()
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file() and (table := _table(file)) is not None:
            return file, table
    return None, None


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
