"""The exit codes that are no verdict of a run; those of a run are `results.summary.EXIT`."""

from __future__ import annotations

import click

FINDINGS = 1
USAGE = 2
BUG = 3
INCOMPLETE = 4
NOTHING = 5
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count."""


class NothingSelected(click.ClickException):
    """Nothing is left to run; what is missing and how to get it."""

    exit_code = NOTHING
