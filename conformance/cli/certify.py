"""`conformance certify`: the reference against the oracle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import write
from conformance.cli.selection import chosen_losses, seed_option
from conformance.cli.verdict import FINDINGS, INCOMPLETE

if TYPE_CHECKING:
    from conformance.engine.certification.certify import Tally
    from conformance.results.certification import Certification

COUNT = 20
"""Rounds of a certification that is to be published."""


@click.command("certify")
@click.argument("losses", nargs=-1)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=COUNT,
    show_default=True,
    metavar="N",
    help="Rounds; each draws every regime anew.",
)
@seed_option
@click.option(
    "-o", "--output", default=None, metavar="FILE", help="Where to write it; - is stdout."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print on stdout.",
)
def command(losses: tuple[str, ...], count: int, seed: int, output: str | None, form: str) -> int:
    """Hold the reference to the oracle: all LOSSES or those named, values and gradients.

    Ball arithmetic encloses the truth; the reference has to lie within its own derived float64
    bound of it, in every regime, for every parameter, reduction and choice. Exits 1 if it does
    not, 4 where ball arithmetic cannot decide.
    """
    from conformance.cli.progress import counted
    from conformance.engine.certification.calls import parts
    from conformance.engine.certification.certify import Tally, certification, certify
    from conformance.specs.library import load_library
    from reference import PROGRAMS

    library = load_library()
    chosen = chosen_losses(losses, library)
    tallies = {name: Tally(library.losses[name], PROGRAMS[name]) for name in chosen}
    work = [part for name in chosen for part in parts(library.losses[name], count, seed)]
    for _ in counted(certify(work, tallies), len(work), lambda part: part.loss.id):
        pass
    made = certification(tallies.values(), seed=seed, count=count)
    if output and output != "-":
        write(Path(output), made.text())
    if form == "json" or output == "-":
        click.echo(made.text(), nl=False)
    else:
        _show(made)
    return _told(tallies.values())


def _show(made: Certification) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("loss")
    for name in ("elements", "largest error / bound", "outside"):
        table.add_column(name, justify="right")
    for name, loss in made.losses.items():
        table.add_row(name, f"{loss.elements:,}", f"{loss.share:.3f}", f"{loss.outside}")
    Console(highlight=False).print(table)


def _told(tallies: Iterable[Tally]) -> int:
    """Tell what is wrong on stderr; gives the exit code."""
    outside = undecided = 0
    for tally in tallies:
        for finding in tally.findings:
            click.echo(str(finding), err=True)
        outside += tally.certified().outside
        undecided += tally.undecided
    if outside:
        click.echo(f"{outside} comparisons lie outside the reference's own bound", err=True)
        return FINDINGS
    return INCOMPLETE if undecided else 0
