"""`conformance diff`: what moved between two runs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.output import write

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.results import Diff
    from conformance.results.gate import Gate

FORMS = ("text", "json", "md", "junit", "html")
FAIL_ON = ("new", "different", "any", "drift", "none")

in_use_option = click.option(
    "--in-use",
    multiple=True,
    metavar="LOSS",
    envvar="CONFORMANCE_LOSSES_IN_USE",
    help="A loss that you use, for the decision table; repeatable. All otherwise.",
)
fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="new",
    show_default=True,
    envvar="CONFORMANCE_FAIL_ON",
    help="Exit 1 on new failures, on those and different ones, on any failure, on drift too.",
)
pair_option = click.option(
    "--pair",
    "pairs",
    nargs=2,
    multiple=True,
    metavar="BASE HEAD",
    help="Two targets to compare whose labels differ, by name or label; repeatable.",
)


@click.command("diff")
@click.argument("base", type=click.Path(exists=True, dir_okay=False))
@click.argument("head", type=click.Path(exists=True, dir_okay=False))
@fail_on_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="What to make.",
)
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; - is stdout.")
@pair_option
@in_use_option
def command(
    base: str,
    head: str,
    fail_on: Gate,
    form: str,
    output: str,
    pairs: tuple[tuple[str, str], ...],
    in_use: tuple[str, ...],
) -> int:
    """Say what moved from the results file BASE to the results file HEAD.

    Each case is a new failure, fixed, still failing, a different failure, drift (other bits, within
    the bound), same bits, added, removed, not run now, or not comparable. Exits 1 on what --fail-on
    names, else 4 where an answer is missing or not comparable.
    """
    return reported(base, head, fail_on, form, output, pairs, in_use)


def reported(
    base: str,
    head: str,
    fail_on: Gate,
    form: str,
    output: str,
    pairs: tuple[tuple[str, str], ...],
    in_use: tuple[str, ...],
) -> int:
    """Compare two files, write the diff in a format, and give its exit code."""
    from conformance.results import compare_files
    from conformance.results.gate import exit_code

    diff = compare_files(base, head, pairs or None)
    if output != "-":
        write(Path(output), rendered(diff, form, fail_on, in_use))
        click.echo(f"wrote {output}", err=True)
    else:
        print_diff(diff, form, fail_on, in_use)
    return exit_code(diff, fail_on)


def print_diff(diff: Diff, form: str, fail_on: Gate, in_use: tuple[str, ...]) -> None:
    """Print the diff on stdout in a format."""
    if form == "text":
        _show(diff, _console(), in_use)
    else:
        click.echo(rendered(diff, form, fail_on, in_use), nl=False)


def rendered(diff: Diff, form: str, fail_on: Gate, in_use: tuple[str, ...]) -> str:
    """The diff as text; only what it needs is imported."""
    match form:
        case "json":
            from conformance.report.upgrade.account import account

            return json.dumps(account(diff, fail_on, in_use), indent=2, ensure_ascii=False) + "\n"
        case "md":
            from conformance.report.upgrade.markdown import render as markdown

            return markdown(diff, in_use)
        case "junit":
            from conformance.report.upgrade.junit import render as junit

            return junit(diff)
        case "html":
            from conformance.report.cases import gathered
            from conformance.report.html import render_diff

            return render_diff(diff, *gathered(diff.head.path), in_use)
    text = io.StringIO()
    _show(diff, _console(text), in_use)
    return text.getvalue()


def _show(diff: Diff, console: Console, in_use: tuple[str, ...]) -> None:
    from conformance.report.upgrade.terminal import show

    show(diff, console, in_use)


def _console(file: io.StringIO | None = None) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, no_color=True if file else None)
