"""Where a user's callable stands: `package.module:name` or `file.py:name`, found unimported."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path


class PlaceError(ValueError):
    """A place names no callable; the message says what would."""


@dataclass(frozen=True)
class Place:
    """A place as it was written, how a worker locates it, and what its imports are searched in.

    `source` is its file where one was found; `name` the dotted name inside it.
    """

    text: str
    path: str
    name: str
    source: Path | None
    import_paths: tuple[str, ...]

    @property
    def label(self) -> str:
        """The callable's name; of an `apply` that of its class too."""
        return self.name


def read_place(text: str, folder: Path, search: Sequence[str] | None = None) -> Place:
    """Read a place; files are relative to `folder`. Raises PlaceError."""
    where, colon, name = text.rpartition(":")
    if not colon or not where or not all(part.isidentifier() for part in name.split(".")):
        raise PlaceError(
            f"{text}: names no callable; write MODULE:NAME or FILE.py:NAME, "
            "as in mypkg.losses:fast_ce or kernel.py:fast_ce"
        )
    paths = (str(folder), *(entry for entry in (search or sys.path) if entry))
    if where.endswith(".py") or os.sep in where:
        return _in_file(text, where, name, folder, paths)
    return Place(text, f"{where}:{name}", name, source_of(where, paths), paths)


def _in_file(text: str, where: str, name: str, folder: Path, paths: tuple[str, ...]) -> Place:
    file = (folder / Path(where).expanduser()).resolve()
    if not file.is_file():
        raise PlaceError(f"{text}: there is no file {file}; write the path of a Python file")
    if file.suffix != ".py":
        raise PlaceError(f"{text}: {file.name} is no Python file; write a path that ends in .py")
    return Place(text, f"{file}:{name}", name, file, (str(file.parent), *paths))


def is_there(module: str, paths: Sequence[str]) -> bool:
    """Whether a module can be found, compiled ones too; nothing is imported."""
    first, _, rest = module.partition(".")
    found = PathFinder.find_spec(first, list(paths))
    if found is None:
        return first in sys.builtin_module_names
    return not rest or source_of(module, paths) is not None or _compiled(module, paths)


def _compiled(module: str, paths: Sequence[str]) -> bool:
    package, _, last = module.rpartition(".")
    search: Sequence[str] | None = paths
    for count in range(1, package.count(".") + 2):
        found = PathFinder.find_spec(".".join(package.split(".")[:count]), search)
        search = None if found is None else found.submodule_search_locations
        if search is None:
            return False
    return PathFinder.find_spec(f"{package}.{last}", search) is not None


def source_of(module: str, paths: Sequence[str]) -> Path | None:
    """The file of a module, found without importing it or its packages."""
    search: Sequence[str] | None = list(paths)
    words = module.split(".")
    for count in range(1, len(words) + 1):
        found = PathFinder.find_spec(".".join(words[:count]), search)
        if found is None:
            return None
        search = found.submodule_search_locations
        if count == len(words):
            python = found.origin is not None and found.origin.endswith(".py")
            return Path(str(found.origin)) if python else None
        if search is None:
            return None
    return None
