"""What an audit came to: the diff of its two results files, told and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.results import Results


def tell(sides: Sequence[Results], folder: Path, form: str) -> int:
    """Print what moved from base to head, write the report, and give the exit code."""
    from conformance.results import summarise

    for each in sides:
        click.echo(f"{each.path}: {summarise(each).sentence}")
    return max(summarise(each).exit for each in sides)
