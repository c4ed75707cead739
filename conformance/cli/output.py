"""The files that a command writes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click


def beside(results: str) -> str:
    """The report that belongs to a results file."""
    return results.removesuffix(".gz").removesuffix(".jsonl") + ".html"


def write(path: Path, text: str) -> None:
    """Write a file whole or leave what was there; raises click.UsageError where it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a pipe or a device
            path.write_text(text, encoding="utf-8")
        else:
            _put(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise unwritable(str(path), error) from error


def _put(place: Path, text: str) -> None:
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, "Permission denied", str(place))
    part = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def unwritable(path: str, error: OSError) -> click.UsageError:
    return click.UsageError(
        f"{path}: cannot be written, {error.strerror}; name another file with -o"
    )
