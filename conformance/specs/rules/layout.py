"""The file reads well: lines that fit beside each other."""

from collections.abc import Iterator
from pathlib import Path

from conformance.specs.errors import Problem

LINE_LIMIT = 120


def line_lengths(path: Path) -> Iterator[Problem]:
    """Check the length of each line of a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if len(line) > LINE_LIMIT:
            message = f"the line has {len(line)} characters"
            yield Problem(str(path), number, LINE_LIMIT + 1, message, f"break it at {LINE_LIMIT}")
