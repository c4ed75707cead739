"""`conformance env`: the environments that audits built."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.environments.cache import Kept

_DAY = 24 * 3600.0


@click.group("env")
def command() -> None:
    """List, prune and find the environments that audits built.

    They lie in the user's cache, or in the folder that CONFORMANCE_CACHE names.
    """


@command.command("list")
def _list() -> None:
    """List all environments, last used first: name, size, Python, last used, what was asked for."""
    from conformance.environments.cache import kept, leftovers, root
    from conformance.environments.lock import bytes_in_words

    found = kept()
    for each in found:
        size, used = bytes_in_words(each.size), time.strftime("%Y-%m-%d", time.localtime(each.used))
        click.echo(f"{each.digest}  {size:>7}  Python {each.lock.python:<8} {used}  {each.asked}")
    total = bytes_in_words(sum(each.size for each in found))
    click.echo(f"{_counted(len(found))}, {total}, in {root()}", err=True)
    if left := leftovers():
        click.echo(f"{_counted(len(left))} half-built; `conformance env prune` removes", err=True)


@command.command("prune")
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="Remove what was not used for so long.",
)
@click.option("--all", "everything", is_flag=True, help="Remove all.")
def _prune(days: float, everything: bool) -> None:
    """Remove environments that were not used of late, and what unfinished builds left."""
    import shutil

    from conformance.environments.cache import forget, kept, leftovers, remove
    from conformance.environments.lock import bytes_in_words

    old = [each for each in kept() if everything or time.time() - each.used > days * _DAY]
    for each in old:
        remove(each)
        click.echo(f"{each.digest}  {bytes_in_words(each.size):>7}  {each.asked}")
    left = leftovers()
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    if everything:
        forget()
    freed = bytes_in_words(sum(each.size for each in old))
    click.echo(f"removed {_counted(len(old) + len(left))}, {freed}", err=True)


@command.command("path")
@click.argument("name", required=False)
def _path(name: str | None) -> None:
    """Print the cache's folder, or the interpreter of the environment NAME.

    NAME is the beginning of a name in `conformance env list`, or what was asked for.
    """
    from conformance.environments.cache import kept, root

    click.echo(root() if name is None else _only(name, kept()).python)


def _only(name: str, found: Sequence[Kept]) -> Kept:
    able = [each for each in found if each.digest.startswith(name) or each.asked == name]
    if len(able) == 1:
        return able[0]
    listed = ", ".join(each.digest for each in able or found) or "none"
    raise click.UsageError(
        f"{name!r} is the name of {len(able)} environments; name one of {listed}"
    )


def _counted(count: int) -> str:
    return f"{count} environment" + ("" if count == 1 else "s")
