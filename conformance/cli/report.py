"""`conformance report`: a results file as HTML, Markdown, JUnit XML or text."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", default=None, help="Where to write; - is stdout.")
@click.option("--format", "form", type=click.Choice(["html", "md", "junit", "text"]),
              default="html", show_default=True, help="What to make.")
def command(file: str, output: str | None, form: str) -> int:
    """Make a report of a results FILE; exits as the run did.

    HTML goes beside the file unless -o says otherwise, the others to stdout.
    """  # fmt: skip
    from conformance.results import read_results, summarise

    results = read_results(file)
    if form == "text":
        from rich.console import Console

        from conformance.report.terminal import show

        show(results, Console(highlight=False))
        return int(summarise(results).exit)
    text = _rendered(results, form)
    if form == "html" and output is None:
        output = file.removesuffix(".gz").removesuffix(".jsonl") + ".html"
    if output is None or output == "-":
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")
        click.echo(f"wrote {output}", err=True)
    return int(summarise(results).exit)


def _rendered(results: object, form: str) -> str:
    import importlib

    module = {"html": "html", "md": "markdown", "junit": "junit"}[form]
    text: str = importlib.import_module(f"conformance.report.{module}").render(results)
    return text
