"""`conformance compare`: where targets differ by design, and the calls that make them agree."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.output import write
from conformance.cli.selection import DTYPES, chosen_losses, chosen_targets, near
from conformance.cli.verdict import INCOMPLETE, NothingSelected

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.engine.guide import Guide
    from conformance.specs.library import Library
    from conformance.targets.target import Target

FORMS = ("text", "json", "md", "html")
CASES = 20


@click.command("compare")
@click.argument("words", nargs=-1, required=True, metavar="TARGET TARGET [TARGET...] [LOSS...]")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Repeatable.")
@click.option("--cases", type=click.IntRange(1, 1000), default=CASES, show_default=True,
              help="Drawn cases of each loss, dtype and pair.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True,
              help="What to make.")  # fmt: skip
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; - is stdout.")
def command(
    words: tuple[str, ...], dtypes: tuple[str, ...], cases: int, seed: int, form: str, output: str
) -> int:
    """Say where targets differ by design, and which calls make them agree: a porting guide.

    Differences by convention come first, each asked of the targets themselves; then a call of each
    side that agrees, and what is left between them, in ulp. Exits 4 if a target did not run, 5 if
    no loss is common.
    """
    from contextlib import ExitStack

    from conformance.engine.guide import guide
    from conformance.engine.workers import open_stations
    from conformance.specs.library import load_library

    library = load_library()
    targets, losses = _sorted(words, library)
    with ExitStack() as stack:
        stations, absent = open_stations(targets, stack)
        made = guide(
            library, losses, stations, absent, dtypes=dtypes or DTYPES, count=cases, seed=seed
        )
    if not absent and not made.common:
        raise NothingSelected(f"{' and '.join(made.targets)} have none of these losses in common")
    _deliver(made, form, output)
    return INCOMPLETE if absent else 0


def _sorted(words: tuple[str, ...], library: Library) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Targets and losses among the words. Raises click.UsageError."""
    from conformance.targets.target import FRAMEWORKS

    losses = tuple(word for word in words if word in library.losses)
    texts = tuple(word for word in words if word not in library.losses)
    for text in texts:
        name = text.partition("@")[0].partition("=")[0].partition("[")[0]
        if name not in FRAMEWORKS:
            remedy = near(text, (*FRAMEWORKS, *library.losses))
            raise click.UsageError(f"{text!r} is neither a target nor a loss; {remedy}")
    targets = chosen_targets(texts) if texts else ()
    if len(targets) < 2:
        found = ", ".join(target.name for target in targets) or "none"
        raise click.UsageError(
            f"compare takes two targets or more, and was given {found}; write compare torch keras"
        )
    return targets, chosen_losses(losses, library)


def _deliver(made: Guide, form: str, output: str) -> None:
    from conformance.report.guide.account import account

    told = account(made)
    if output != "-":
        write(Path(output), _rendered(told, form))
        click.echo(f"wrote {output}", err=True)
    elif form == "text":
        _show(told, _console())
    else:
        click.echo(_rendered(told, form), nl=False)


def _rendered(told: dict[str, Any], form: str) -> str:
    match form:
        case "json":
            return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        case "md":
            from conformance.report.guide.markdown import render as markdown

            return markdown(told)
        case "html":
            from conformance.report.guide.page import render as page

            return page(told)
    text = io.StringIO()
    _show(told, _console(text))
    return text.getvalue()


def _show(told: dict[str, Any], console: Console) -> None:
    from conformance.report.guide.terminal import show

    show(told, console)


def _console(file: io.StringIO | None = None) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, no_color=True if file else None)
