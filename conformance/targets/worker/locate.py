"""Find a callable by its written path."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any


def locate(path: str) -> Any:
    """`package.module.attribute`, `package.module:attribute` or `file.py:attribute`."""
    place, colon, name = path.rpartition(":")
    if not colon:
        return _longest_module(path)
    found = _from_file(place) if place.endswith(".py") else importlib.import_module(place)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _from_file(path: str) -> Any:
    """Run a file once as a module named after its whole path."""
    full = os.path.abspath(path)
    if full not in sys.modules:
        specification = importlib.util.spec_from_file_location(full, full)
        if specification is None or specification.loader is None:
            raise ImportError(f"{path} cannot be read as Python")
        module = importlib.util.module_from_spec(specification)
        sys.modules[full] = module
        try:
            specification.loader.exec_module(module)
        except BaseException:
            del sys.modules[full]
            raise
    return sys.modules[full]


def _longest_module(path: str) -> Any:
    """Attributes first: `keras.losses` is an attribute of keras and no importable submodule."""
    first, *rest = path.split(".")
    found, prefix = importlib.import_module(first), first
    for part in rest:
        prefix = f"{prefix}.{part}"
        if not hasattr(found, part):
            importlib.import_module(prefix)
        found = getattr(found, part)
    return found
