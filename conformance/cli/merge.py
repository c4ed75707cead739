"""`conformance merge`: the files of a divided run as the file of the whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.cli.output import unwritable
from conformance.cli.verdict import INCOMPLETE

if TYPE_CHECKING:
    from conformance.results.merge import Merged


@click.command("merge")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "--output", required=True, metavar="OUT", help="Results file to write.")
@click.option(
    "--corpus",
    default=None,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Keep the worst inputs that the run's hunts found in this folder.",
)
def command(files: tuple[str, ...], output: str, corpus: str | None) -> int:
    """Merge results FILEs of one run, its shards or its jobs, into OUT.

    OUT is what the whole run would have written. Files of other seeds, profiles, specs or
    versions are refused. A shard that is missing, empty or cut short is named, and the exit code
    is then 4, or 1 where there are findings. Otherwise it is that of the run.
    """
    there, lost = _present(files)
    for line in lost:
        click.echo(line, err=True)
    if not there:
        return INCOMPLETE
    merged = _merged(there, output)
    for line in (*merged.gaps, *merged.notes):
        click.echo(line, err=True)
    click.echo(merged.sentence)
    click.echo(f"results {output}", err=True)
    if corpus:
        _keep(output, corpus)
    return merged.exit or (INCOMPLETE if lost or merged.gaps else 0)


def _keep(output: str, corpus: str) -> None:
    from conformance.cli.remembering import keep
    from conformance.results.read import read_results

    keep(read_results(output), corpus)


def _present(files: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The files that hold something, and a line for each that does not."""
    from pathlib import Path

    from conformance.results.read import NoManifest, ResultsReader

    there, lost = [], []
    for file in files:
        if not Path(file).exists():
            lost.append(f"{file} is missing")
            continue
        try:
            with ResultsReader(file):
                there.append(file)
        except NoManifest as error:
            lost.append(f"{file} holds nothing: {error.message}")
    return there, lost


def _merged(files: list[str], output: str) -> Merged:
    from conformance.results.merge import merge

    try:
        return merge(files, output)
    except OSError as error:
        raise unwritable(output, error) from error
