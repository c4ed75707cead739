"""`conformance audit`: what moves between two versions of a framework."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.diff import fail_on_option, in_use_option
from conformance.cli.selection import (
    DTYPES,
    device_option,
    dtype_option,
    profile_option,
    seed_option,
    target_option,
)
from conformance.cli.upgrade import tell
from conformance.cli.verdict import INCOMPLETE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.engine.request import Request
    from conformance.environments import Environment, Options, Side
    from conformance.results.gate import Gate
    from conformance.targets.target import Target

FOLDER = "conformance-audit"


@click.command("audit")
@click.argument("base")
@click.argument("head")
@click.argument("losses", nargs=-1)
@target_option
@profile_option
@dtype_option
@device_option
@seed_option
@click.option("--python", metavar="PYTHON", help="Interpreter of both sides: a version or a path.")
@click.option(
    "--exclude-newer",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DATE",
    help="Leave out what was released after that day.",
)
@click.option("--offline", is_flag=True, help="Take only what is in the cache.")
@click.option("--refresh", is_flag=True, help="Resolve anew what was resolved today.")
@click.option(
    "--keep-env/--no-keep-env",
    default=True,
    show_default=True,
    help="Keep environments that this audit builds in the cache.",
)
@click.option(
    "-o",
    "--output",
    default=FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Folder of base.jsonl.gz, head.jsonl.gz and the report.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "md", "junit"]),
    default="text",
    show_default=True,
    help="What to print on stdout.",
)
@fail_on_option
@in_use_option
def command(
    base: str,
    head: str,
    losses: tuple[str, ...],
    target: tuple[str, ...],
    profile: str,
    dtype: tuple[str, ...],
    device: str | None,
    seed: int,
    python: str | None,
    exclude_newer: datetime.datetime | None,
    offline: bool,
    refresh: bool,
    keep_env: bool,
    output: str,
    form: str,
    fail_on: Gate,
    in_use: tuple[str, ...],
) -> int:
    """Compare two versions: the same cases in an environment of BASE and in one of HEAD.

    A side is what pip or uv could install ('torch==2.13.0', 'keras==3.3.3 tensorflow-cpu==2.16.2',
    a wheel file), or py:PATH for an interpreter that exists. Compares all frameworks that both sides
    have, unless -t names some. Exits 1 on what --fail-on names, else 4 where a side did not run.
    """
    from conformance.environments import Options, parse

    sides = [parse(base), parse(head)]
    request = _request(losses, target, device, dtype, profile, seed)
    newest = exclude_newer.date().isoformat() if exclude_newer else None
    options = Options(python, offline, newest, refresh)
    flags = {"base": base, "head": head, "losses": list(losses), "target": list(target)}
    files = _recorded(sides, options, request, Path(output), flags, keep_env)
    return INCOMPLETE if files is None else tell(files, Path(output), form, fail_on, in_use)


def _request(
    losses: tuple[str, ...],
    target: tuple[str, ...],
    device: str | None,
    dtype: tuple[str, ...],
    profile: str,
    seed: int,
) -> Request:
    from conformance.cli.selection import chosen_losses
    from conformance.engine.request import Request
    from conformance.specs.library import load_library

    return Request(
        losses=chosen_losses(losses, load_library()),
        targets=_named(target, device),
        dtypes=tuple(dict.fromkeys(dtype)) or DTYPES,
        profile=profile,
        seed=seed,
    )


def _named(texts: tuple[str, ...], device: str | None) -> tuple[Target, ...]:
    """The targets of -t; their versions are those of the two sides."""
    from conformance.cli.selection import chosen_targets

    for text in texts:
        if "==" in text:
            raise click.UsageError(
                f"target {text!r} names a version; versions stand in BASE and HEAD, "
                f"write -t {text.partition('==')[0]}"
            )
    return chosen_targets(texts, device) if texts else ()


def _recorded(
    sides: list[Side],
    options: Options,
    request: Request,
    folder: Path,
    flags: dict[str, Any],
    keep: bool,
) -> list[Path] | None:
    """The results files of both sides; None, with the reason on stderr, without an environment."""
    environments = _prepared(sides, options, request)
    if environments is None:
        return None
    try:
        return _audited(request, environments, folder, flags)
    finally:
        if not keep:
            _removed(environments)


def _prepared(sides: list[Side], options: Options, request: Request) -> list[Environment] | None:
    """The environments of both sides; None, with the reason on stderr, where one cannot be had.

    That they have a framework in common is seen before gigabytes are fetched.
    """
    from conformance.cli.counterparts import counterparts
    from conformance.environments import EnvironmentFault, prepare

    def fit(planned: Sequence[Environment]) -> None:
        counterparts(planned, request.targets)

    try:
        return prepare(sides, options, lambda text: click.echo(text, err=True), fit=fit)
    except EnvironmentFault as fault:
        click.echo(f"not run: {fault}", err=True)
        return None


def _audited(
    request: Request,
    environments: list[Environment],
    folder: Path,
    flags: dict[str, Any],
) -> list[Path]:
    from conformance.cli.auditing import record_sides
    from conformance.cli.counterparts import counterparts

    request = replace(request, targets=counterparts(environments, request.targets))
    click.echo(f"comparing {', '.join(each.label for each in request.targets)}", err=True)
    return record_sides(request, environments, folder, flags)


def _removed(environments: list[Environment]) -> None:
    """Only what this audit built itself: others may count on the rest."""
    from conformance.environments.cache import remove

    for each in environments:
        if each.built and each.kept is not None:
            remove(each.kept)
