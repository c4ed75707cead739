"""`conformance spec`: list, show and lint the specs, and their JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group("spec")
def command() -> None:
    """List, show and lint the specs of the losses."""


@command.command("list")
def list_() -> int:
    """One line a loss: its id, family and summary."""
    from rich.console import Console
    from rich.table import Table

    from conformance.specs.library import load_library

    table = Table("loss", "family", "summary", box=None, pad_edge=False)
    for loss in load_library().losses.values():
        table.add_row(loss.id, loss.family, loss.summary)
    Console(highlight=False).print(table)
    return 0


@command.command("show")
@click.argument("loss")
def show(loss: str) -> int:
    """The spec of a LOSS, as its file says it."""
    from conformance.cli.selection import chosen_losses
    from conformance.specs.library import load_library

    library = load_library()
    (name,) = chosen_losses((loss,), library)
    click.echo(Path(library.losses[name].file).read_text("utf-8"), nl=False)
    return 0


@command.command("lint")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def lint(files: tuple[Path, ...]) -> int:
    """Check spec FILES, or all of the suite's own: every fault with its place and remedy."""
    from conformance.specs.lint import lint as found
    from conformance.specs.library import loss_files, spec_folder

    paths = files or tuple(loss_files(spec_folder()))
    problems = found(paths)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(paths)} files, {len(problems)} problems", err=True)
    return 2 if problems else 0


@command.command("schema")
def schema() -> int:
    """The JSON Schema of a loss, for editors."""
    from conformance.specs.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
    return 0
