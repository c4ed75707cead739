"""The exit codes that are no verdict of a run; those of a run are `results.summary.EXIT`."""

from __future__ import annotations

import click

FINDINGS = 1
USAGE = 2
BUG = 3
INCOMPLETE = 4
NOTHING = 5


class NothingSelected(click.ClickException):
    """Nothing is left to run; what is missing and how to get it."""

    exit_code = NOTHING


class Incomplete(click.ClickException):
    """Something that was asked for is missing; what, and how to do without it."""

    exit_code = INCOMPLETE
