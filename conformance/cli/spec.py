"""`conformance spec`: list, show, lint and begin specs, and their JSON Schema."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import click

from conformance.cli.output import unwritable

UNWRAPPED = 10_000
"""Columns where nobody watches: one line a loss, for a script."""


@click.group("spec")
def command() -> None:
    """List, show, lint and begin specs of losses."""


@command.command("list")
def list_() -> int:
    """List the losses by family, each with its summary."""
    from conformance.specs.library import families, load_library

    losses = load_library().losses
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNWRAPPED
    formatter = click.HelpFormatter(width=width, max_width=width)
    for family, names in families(losses.values()).items():
        with formatter.section(family):
            formatter.write_dl([(name, losses[name].summary) for name in names], col_max=34)
    click.echo(formatter.getvalue().lstrip("\n"), nl=False)
    return 0


@command.command("show")
@click.argument("loss")
def show(loss: str) -> int:
    """Print the spec of a LOSS, as its file says it."""
    from conformance.cli.selection import chosen_losses
    from conformance.specs.library import load_library

    library = load_library()
    (name,) = chosen_losses((loss,), library)
    click.echo(Path(library.losses[name].file).read_text("utf-8"), nl=False)
    return 0


@command.command("lint")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def lint(files: tuple[Path, ...]) -> int:
    """Check spec FILES, by default the suite's own.

    Every fault is told with its place and remedy; any fault gives exit code 2.
    """
    from conformance.specs.library import loss_files, spec_folder
    from conformance.specs.lint import lint as found

    paths = files or tuple(loss_files(spec_folder()))
    problems = found(paths)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{_count(len(paths), 'file')}, {_count(len(problems), 'problem')}", err=True)
    return 2 if problems else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}"


@command.command("new")
@click.argument("id")
@click.option("--family", metavar="NAME", help="Folder for the file: a family of losses.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.yaml",
    help="The file, by default ID.yaml here or in the family's folder.",
)  # fmt: skip
def new(id: str, family: str | None, output: Path | None) -> int:
    """Write a commented spec for the loss ID, to change part by part.

    It is complete and checks clean. A file that is there is left as it is.
    """
    from conformance.specs.skeleton import place_of, skeleton

    try:
        place = place_of(id, family, output)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(skeleton())
    except FileExistsError as error:
        message = f"{place} is there already; it was left as it is. Give another file with -o"
        raise click.UsageError(message) from error
    except OSError as error:
        raise unwritable(str(place), error) from error
    click.echo(str(place))
    click.echo(f"`conformance spec lint {place}` checks it", err=True)
    return 0


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of a loss, for editors."""
    from conformance.specs.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
    return 0
