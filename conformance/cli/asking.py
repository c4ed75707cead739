"""The options that say which callable is meant and how it is called; `check` and `replay` share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.selection import DEVICES

if TYPE_CHECKING:
    from conformance.engine.asked import Asked

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "numpy")
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--spec",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE.yaml",
        help="A spec of your own.",
    ),
    click.option(
        "--framework", type=click.Choice(FRAMEWORKS), help="Guessed from the source otherwise."
    ),
    click.option(
        "--rename", multiple=True, metavar="SPEC=THEIRS", help="Another name; repeatable."
    ),
    click.option("--layout", multiple=True, metavar="classes=AXIS", help="Another class axis."),
    click.option("--device", type=click.Choice(DEVICES), default="cpu", help="Where it runs."),
    click.option("--params", multiple=True, metavar="NAME=VALUE", help="Hold a parameter there."),
    click.option(
        "--argument", multiple=True, metavar="NAME=VALUE", help="One of its own, always passed."
    ),
    click.option("--batch-axes", metavar="N[,N]", help="Batches that it takes, 1 for (N, C)."),
    click.option(
        "--convention", multiple=True, metavar="NAME=CHOICE", help="A choice that is by design."
    ),
    click.option(
        "--no-gradient", multiple=True, metavar="INPUT", help="An input without gradient."
    ),
    click.option("--algorithm", metavar="NAME|FILE.py:PROGRAM", help="Its order of operations."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Most that one call may take.",
    ),
    click.option(
        "--memory",
        type=click.IntRange(min=1),
        default=6144,
        metavar="MIB",
        help="Most that it may hold; 6144.",
    ),
)


def candidate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def one_asked(
    place: str,
    spec: str | None,
    framework: str | None,
    rename: Sequence[str],
    layout: Sequence[str],
    device: str,
    params: Sequence[str],
    argument: Sequence[str],
    batch_axes: str | None,
    convention: Sequence[str],
    no_gradient: tuple[str, ...],
    algorithm: str | None,
    known: str | None,
    timeout: float | None,
    memory: int,
) -> Asked:
    """The check that the flags ask for, losses and dtypes apart. Raises click.UsageError."""
    from conformance.engine.asked import Asked

    return Asked(
        place=place, spec=spec, framework=framework, rename=pairs("--rename", rename),
        layout=pairs("--layout", layout), device=device, params=pairs("--params", params),
        arguments=pairs("--argument", argument), batch_axes=batch_axes,
        conventions=pairs("--convention", convention), no_gradient=no_gradient,
        algorithm=algorithm, known=known, timeout=timeout, memory=memory << 20,
    )  # fmt: skip


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE entries as a mapping. Raises click.UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise click.UsageError(f"{option} {text}: cannot be read; write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
