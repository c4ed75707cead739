"""`conformance check`: hold one callable to one loss, and show how close to the edge it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.output import beside, write
from conformance.cli.selection import DEVICES, DTYPES
from conformance.cli.verdict import NothingSelected

if TYPE_CHECKING:
    from conformance.engine.checking import Asked
    from conformance.results import Results

RESULTS = "conformance-check.jsonl.gz"
NOWHERE = "-"
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "numpy")


@click.command("check")
@click.argument("place", required=False)
@click.option("--loss", metavar="ID", help="The loss that it is held to, by its id.")
@click.option(
    "--spec",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE.yaml",
    help="A spec of your own in place of --loss.",
)
@click.option(
    "--framework", type=click.Choice(FRAMEWORKS), help="Guessed from the source otherwise."
)
@click.option("--rename", multiple=True, metavar="SPEC=THEIRS", help="Another name; repeatable.")
@click.option("--layout", multiple=True, metavar="classes=AXIS", help="Another class axis.")
@click.option(
    "--dtype", type=click.Choice(DTYPES), multiple=True, metavar="DTYPE", help="Only this dtype."
)
@click.option("--device", type=click.Choice(DEVICES), default="cpu", help="Where it runs.")
@click.option("--property", "properties", multiple=True, metavar="NAME", help="Only this one.")
@click.option("--params", multiple=True, metavar="NAME=VALUE", help="Hold a parameter there.")
@click.option("--convention", multiple=True, metavar="NAME=CHOICE", help="As it is by design.")
@click.option("--no-gradient", multiple=True, metavar="INPUT", help="An input without gradient.")
@click.option("--algorithm", metavar="NAME|FILE.py:PROGRAM", help="Its order of operations.")
@click.option("--known", type=click.Path(exists=True, dir_okay=False), help="Known deviations.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "default", "deep"]),
    default="quick",
    show_default=True,
    envvar="CONFORMANCE_PROFILE",
    help="How deep to look.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the cases.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Most that one call may take.")
@click.option("--memory", type=int, default=6144, metavar="MIB", help="Most that it may hold.")
@click.option("--alone", is_flag=True, help="Without the stock framework beside it.")
@click.option(
    "--badge", type=click.Path(file_okay=False), metavar="DIR", help="Badge and statement."
)
@click.option(
    "-o", "--output", default=RESULTS, metavar="FILE", help="Results file; - writes none."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print on stdout.",
)
@click.pass_context
def command(
    ctx: click.Context,
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
    from conformance.engine.checking import Asked

    common = Asked(
        place="", dtypes=dtype, device=device, properties=properties, profile=profile,
        seed=seed, timeout=timeout, memory=memory << 20, alone=alone,
    )  # fmt: skip
    if place is None:
        from conformance.cli.candidates import listed

        asked = listed(common)
        if not asked:
            raise NothingSelected(
                "no callable is named: give PLACE, as in kernel.py:fast_ce, or list candidates as "
                "[[tool.conformance.candidate]] in pyproject.toml"
            )
    else:
        if (loss is None) == (spec is None):
            raise click.UsageError(f"{place}: give one of --loss ID and --spec FILE.yaml")
        one = replace(
            common, place=place, loss=loss or "", spec=spec, framework=framework,
            rename=pairs("--rename", rename), layout=pairs("--layout", layout),
            params=pairs("--params", params), conventions=pairs("--convention", convention),
            no_gradient=no_gradient, algorithm=algorithm, known=known,
        )  # fmt: skip
        asked = [one]
    return max(_one(each, _file(output, each, len(asked)), form, badge) for each in asked)


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE entries as a mapping. Raises click.UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise click.UsageError(f"{option} {text}: cannot be read; write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


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
