"""`conformance accept`: findings of a results file as known deviations of the project."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import unwritable
from conformance.cli.verdict import FINDINGS, NothingSelected

if TYPE_CHECKING:
    from conformance.targets.known import Deviation

KNOWN = "known.yaml"


@click.command("accept")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--reason", required=True, help="Why this is accepted, for whoever reads the report.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DATE",
    help="Its last day, as 2027-01-31; the findings fail again after it.",
)
@click.option("--source", default=None, help="Where it is discussed, such as an issue's URL.")
@click.option(
    "-o",
    "--output",
    default=KNOWN,
    show_default=True,
    metavar="KNOWN",
    help="List to add to; `known` in [tool.conformance] names it to runs.",
)
def command(
    file: str, reason: str, expires: datetime | None, source: str | None, output: str
) -> int:
    """List the findings of a results FILE as known deviations, with what was measured.

    A run that is given the list shows them as known. A worse value still fails, one that is gone
    is reported. Exits 1 if findings remain that cannot be listed, 5 if there are none.
    """
    from conformance.engine.acceptance import accepted
    from conformance.results import read_results

    last = expires.date() if expires else None
    if last is not None and last < date.today():
        raise click.UsageError(f"--expires {last}: that day is past; name a later one")
    try:
        listed, left = accepted(read_results(file), reason, source, str(last) if last else None)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not (listed or left):
        raise NothingSelected(f"{file}: it has no finding to accept")
    if listed:
        _add(Path(output), listed)
        for each in listed:
            click.echo(each.id)
    for one in left:
        where = f"{one.finding.loss} {one.finding.property} {one.finding.kind}"
        click.echo(f"not listed: {where} on {one.finding.target}: {one.reason}", err=True)
    return FINDINGS if left else 0


def _add(path: Path, listed: list[Deviation]) -> None:
    from conformance.targets.listing import add

    try:
        add(path, listed)
    except OSError as error:
        raise unwritable(str(path), error) from error
    hint = f'known = ["{path}"] in [tool.conformance], or --known {path}, gives it to a run'
    click.echo(f"listed in {path}: {len(listed)}; {hint}", err=True)
