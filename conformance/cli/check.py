"""`conformance check`: hold one callable to one loss, and show how close to the edge it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.asking import candidate_options, one_asked
from conformance.cli.output import beside, write
from conformance.cli.selection import dtype_option, profile_option, seed_option
from conformance.cli.verdict import NothingSelected

if TYPE_CHECKING:
    from conformance.engine.asked import Asked
    from conformance.results import Results

RESULTS = "conformance-check.jsonl.gz"
NOWHERE = "-"


@click.command("check")
@click.argument("place", required=False)
@click.option("--loss", metavar="ID", help="The loss that it is held to, by its id.")
@candidate_options
@click.option("--known", type=click.Path(exists=True, dir_okay=False), help="Its known deviations.")
@dtype_option
@click.option("--property", "properties", multiple=True, metavar="NAME", help="Only this one.")
@profile_option
@seed_option
@click.option("--alone", is_flag=True, help="Without the stock framework beside it.")
@click.option(
    "--badge", type=click.Path(file_okay=False), metavar="DIR", help="Badge and statement."
)
@click.option(
    "-o",
    "--output",
    default=RESULTS,
    metavar="FILE",
    help=f"Results file, by default {RESULTS}; the report goes beside it. - writes neither.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print on stdout.",
)
def command(
    place: str | None,
    loss: str | None,
    spec: str | None,
    framework: str | None,
    rename: tuple[str, ...],
    layout: tuple[str, ...],
    dtype: tuple[str, ...],
    device: str,
    properties: tuple[str, ...],
    params: tuple[str, ...],
    argument: tuple[str, ...],
    batch_axes: str | None,
    convention: tuple[str, ...],
    no_gradient: tuple[str, ...],
    algorithm: str | None,
    known: str | None,
    profile: str,
    seed: int,
    timeout: float | None,
    memory: int,
    alone: bool,
    badge: str | None,
    output: str,
    form: str,
) -> int:
    """Hold the callable at PLACE (mypkg.losses:fast_ce or kernel.py:fast_ce) to a loss.

    Without PLACE every [[tool.conformance.candidate]] of pyproject.toml is checked.
    """
    asked = replace(
        one_asked(
            place or "", spec, framework, rename, layout, device, params, argument,
            batch_axes, convention, no_gradient, algorithm, known, timeout, memory,
        ),
        loss=loss or "", dtypes=dtype, properties=properties, profile=profile, seed=seed,
        alone=alone,
    )  # fmt: skip
    every = _candidates(asked)
    return max(_one(each, _file(output, each, len(every)), form, badge) for each in every)


def _candidates(asked: Asked) -> list[Asked]:
    """The one that was named, or all that are listed. Raises NothingSelected, click.UsageError."""
    if not asked.place:
        from conformance.cli.candidates import listed

        found = listed(asked)
        if not found:
            raise NothingSelected(
                "no callable is named: give PLACE, as in kernel.py:fast_ce, or list candidates as "
                "[[tool.conformance.candidate]] in pyproject.toml"
            )
        return found
    if bool(asked.loss) == (asked.spec is not None):
        raise click.UsageError(f"{asked.place}: give one of --loss ID and --spec FILE.yaml")
    return [asked]


def _file(output: str, asked: Asked, count: int) -> Path | None:
    """A file a candidate, named after it where there are several."""
    if output == NOWHERE:
        return None
    if count == 1:
        return Path(output)
    stem = output.removesuffix(".gz").removesuffix(".jsonl")
    name = "".join(letter if letter.isalnum() else "-" for letter in asked.place)
    return Path(f"{stem}.{name}.jsonl.gz")


def _one(asked: Asked, file: Path | None, form: str, badge: str | None) -> int:
    from conformance.cli.recording import record_check
    from conformance.results import summarise

    results = record_check(asked, file)
    summary = summarise(results)
    files = {"results": str(file), "report": beside(str(file))} if file else {}
    if file:
        from conformance.report.html import render

        write(Path(files["report"]), render(results))
    if badge:
        from conformance.report.badge import statement, svg

        name = "".join(letter if letter.isalnum() else "-" for letter in asked.place)
        files |= {"badge": f"{badge}/{name}.svg", "statement": f"{badge}/{name}.json"}
        write(Path(files["badge"]), svg(results))
        write(Path(files["statement"]), json.dumps(statement(results), indent=2) + "\n")
    _show(results, files, form)
    return summary.exit


def _show(results: Results, files: dict[str, str], form: str) -> None:
    from conformance.results import summarise

    if form == "json":
        from conformance.cli.account import account
        from conformance.report.check import account_of_check

        said: dict[str, Any] = account(results, summarise(results), files.values())
        click.echo(json.dumps({**said, **account_of_check(results)}, indent=2))
        return
    from rich.console import Console

    from conformance.report.verdict import show_check

    show_check(results, Console(highlight=False))
    for what, path in files.items():
        click.echo(f"{what:<9} {path}", err=True)
