"""What an audit came to: the diff of its two results files, told and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.diff import print_diff, rendered
from conformance.cli.output import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.results.gate import Gate

REPORT = "audit.html"


def tell(
    sides: Sequence[Path], folder: Path, form: str, fail_on: Gate, in_use: tuple[str, ...]
) -> int:
    """Print what moved from base to head, write the report into the folder, give the exit code."""
    from conformance.results import compare_files
    from conformance.results.gate import exit_code

    base, head = sides
    diff = compare_files(base, head)
    write(folder / REPORT, rendered(diff, "html", fail_on, in_use))
    print_diff(diff, form, fail_on, in_use)
    for what, path in (("base", base), ("head", head), ("report", folder / REPORT)):
        click.echo(f"{what:<7} {path}", err=True)
    return exit_code(diff, fail_on)
