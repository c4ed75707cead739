"""`conformance report`: a results file as HTML, Markdown, JUnit XML, CSV or text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.diff import in_use_option, pair_option, reported
from conformance.cli.output import beside, write

if TYPE_CHECKING:
    from conformance.results import Results

FORMS = ("html", "md", "junit", "csv", "text")


@click.command("report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", default=None, help="Where to write; - is stdout.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="html",
    show_default=True,
    help="What to make.",
)
@click.option(
    "--base",
    default=None,
    type=click.Path(exists=True, dir_okay=False),
    help="Results of an earlier run: the report says first what moved since.",
)
@pair_option
@in_use_option
def command(
    file: str,
    output: str | None,
    form: str,
    base: str | None,
    pairs: tuple[tuple[str, str], ...],
    in_use: tuple[str, ...],
) -> int:
    """Make a report of a results FILE; exits as the run did, with --base as `diff` does.

    HTML goes beside the file unless -o says otherwise, the others to stdout.
    """
    from conformance.results import read_results, summarise

    if output is None and form == "html":
        output = beside(file)
    if base is not None:
        if form == "csv":
            raise click.UsageError("--format csv lists the cases of one run; leave out --base")
        return reported(base, file, "new", form, output or "-", pairs, in_use)
    results = read_results(file)
    if output not in (None, "-"):
        write(Path(str(output)), _rendered(results, form))
        click.echo(f"wrote {output}", err=True)
    elif form == "text":
        _show(results)
    else:
        click.echo(_rendered(results, form), nl=False)
    return summarise(results).exit


def _show(results: Results) -> None:
    from rich.console import Console

    from conformance.report.terminal import show

    show(results, Console(highlight=False))


def _rendered(results: Results, form: str) -> str:
    """The whole report as text; only what it needs is imported."""
    match form:
        case "html":
            from conformance.report.html import render as html

            return html(results)
        case "md":
            from conformance.report.markdown import render as markdown

            return markdown(results)
        case "junit":
            from conformance.report.junit import render as junit

            return junit(results)
        case "csv":
            from conformance.report.table import csv

            return csv(results)
    return _plain(results)


def _plain(results: Results) -> str:
    from rich.console import Console

    from conformance.report.terminal import show

    text = io.StringIO()
    show(results, Console(file=text, highlight=False, no_color=True))
    return text.getvalue()
