"""The files that a command writes."""

from __future__ import annotations

from pathlib import Path

import click


def beside(results: str) -> str:
    """The report that belongs to a results file."""
    return results.removesuffix(".gz").removesuffix(".jsonl") + ".html"


def write(path: Path, text: str) -> None:
    """Write a file whole. Raises click.UsageError where the place does not take it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(str(path), error) from error


def unwritable(path: str, error: OSError) -> click.UsageError:
    return click.UsageError(
        f"{path}: cannot be written, {error.strerror}; name another file with -o"
    )
