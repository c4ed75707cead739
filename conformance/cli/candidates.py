"""`[[tool.conformance.candidate]]` in pyproject.toml: what a bare `conformance check` runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cli.config import ConfigError, nearest

if TYPE_CHECKING:
    from conformance.engine.asked import Asked

_TEXT, _TEXTS, _PAIRS = "a string", "a list of strings", "a table"
KEYS = {
    "place": ("place", _TEXT),
    "loss": ("loss", _TEXT),
    "spec": ("spec", _TEXT),
    "framework": ("framework", _TEXT),
    "rename": ("rename", _PAIRS),
    "layout": ("layout", _PAIRS),
    "params": ("params", _PAIRS),
    "argument": ("arguments", _PAIRS),
    "batch-axes": ("batch_axes", _TEXT),
    "convention": ("conventions", _PAIRS),
    "no-gradient": ("no_gradient", _TEXTS),
    "algorithm": ("algorithm", _TEXT),
    "known": ("known", _TEXT),
    "dtypes": ("dtypes", _TEXTS),
    "device": ("device", _TEXT),
}
"""Key in the file -> part of a check, and what its value is."""


def listed(common: Asked) -> list[Asked]:
    """The candidates of the nearest pyproject.toml that has our table; flags go before its keys.

    Raises ConfigError.
    """
    file, table = nearest(Path.cwd())
    if file is None or table is None:
        return []
    entries = table.get("candidate", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ConfigError(
            f"{file}: tool.conformance.candidate is {entries!r}; "
            "write each candidate as [[tool.conformance.candidate]]"
        )
    return [_asked(file, place, entry, common) for place, entry in enumerate(entries, 1)]


def _asked(file: Path, number: int, entry: Mapping[str, Any], common: Asked) -> Asked:
    where = f"{file}: candidate {number}"
    parts = {
        KEYS[key][0]: _value(where, key, value) for key, value in entry.items() if _key(where, key)
    }
    if "place" not in parts or ("loss" in parts) == ("spec" in parts):
        raise ConfigError(f"{where}: needs a place, and one of loss and spec")
    if common.dtypes:
        parts.pop("dtypes", None)
    return replace(common, folder=file.parent, **parts)


def _key(where: str, key: str) -> bool:
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(KEYS)}"
        raise ConfigError(f"{where} has an unknown key {key!r}; {remedy}")
    return True


def _value(where: str, key: str, value: Any) -> Any:
    kind = KEYS[key][1]
    if kind == _TEXT and isinstance(value, str):
        return value
    if kind == _TEXTS and isinstance(value, list) and all(isinstance(e, str) for e in value):
        return tuple(value)
    if kind == _PAIRS and isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    raise ConfigError(f"{where}: {key} is {value!r}; it takes {kind}")


def _text(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)
