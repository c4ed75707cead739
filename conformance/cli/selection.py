"""Which losses, dtypes and targets the flags ask for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from conformance.cli.verdict import NothingSelected

if TYPE_CHECKING:
    from conformance.specs.library import Library
    from conformance.targets.target import Target

DTYPES = ("float64", "float32", "float16", "bfloat16")
DEVICES = ("cpu", "cuda")
STOCK = ("torch@cpu", "keras@cpu", "tensorflow@cpu", "optax@cpu+jit")
"""JAX as it is used, compiled: eager, each new shape costs it a second; `optax@cpu` asks for that."""


target_option = click.option(
    "-t",
    "--target",
    multiple=True,
    envvar="CONFORMANCE_TARGETS",
    help="A target, such as torch@cpu; repeatable. All that are installed otherwise.",
)


known_option = click.option(
    "--known",
    multiple=True,
    metavar="FILE",
    envvar="CONFORMANCE_KNOWN",
    help="Known deviations of your own, as `accept` writes them; repeatable.",
)
profile_option = click.option(
    "--profile",
    type=click.Choice(["quick", "default", "deep"]),
    default="quick",
    show_default=True,
    envvar="CONFORMANCE_PROFILE",
    help="How deep to look.",
)
dtype_option = click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    multiple=True,
    envvar="CONFORMANCE_DTYPES",
    metavar="DTYPE",
    help=f"Only this one of {', '.join(DTYPES)}; repeatable.",
)
device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=None,
    envvar="CONFORMANCE_DEVICE",
    help="Device of targets that name none.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default="0",
    metavar="N",
    envvar="CONFORMANCE_SEED",
    help="Seed of the cases.",
)


def chosen_losses(names: tuple[str, ...], library: Library) -> tuple[str, ...]:
    """The losses named, or all. Raises click.UsageError with the nearest name."""
    for name in names:
        if name not in library.losses:
            raise click.UsageError(f"there is no loss {name!r}; {near(name, library.losses)}")
    return tuple(dict.fromkeys(names)) or tuple(library.losses)


def near(word: str, words: Iterable[str]) -> str:
    """What may have been meant, or all that there is."""
    known = tuple(words)
    found = difflib.get_close_matches(word, known, 1)
    return f"did you mean {found[0]!r}?" if found else f"there are {', '.join(known)}"


def chosen_targets(
    texts: tuple[str, ...], device: str | None = None, *, bound: bool = True
) -> tuple[Target, ...]:
    """The targets named, each once; or every stock framework that is installed.

    `bound` asks for those of which losses are listed to run. Raises click.UsageError for a target
    that nobody knows, NothingSelected where none is installed.
    """
    from conformance.targets.target import Missing, resolve

    if texts:
        return tuple(dict.fromkeys(_named(text, device, bound=bound) for text in texts))
    stock = [_named(text, device, stock=True) for text in STOCK]
    found = tuple(each for each in stock if not isinstance(resolve(each), Missing))
    if not found:
        raise NothingSelected(
            f"none of {', '.join(STOCK)} is installed; "
            "install one (pip install 'loss-conformance[torch]') or name a target with -t"
        )
    return found


def stock_targets() -> tuple[Target, ...]:
    """The stock frameworks, installed or not."""
    return tuple(_named(text, None) for text in STOCK)


def _named(text: str, device: str | None, stock: bool = False, bound: bool = True) -> Target:
    """The target of a text, at the version that is installed; on `device` if the text names none."""
    from conformance.targets.target import FRAMEWORKS, Missing, Target, TargetError, resolve

    framework = text.partition("@")[0].partition("=")[0].partition("[")[0]
    if framework not in FRAMEWORKS:
        remedy = near(framework, FRAMEWORKS)
        raise click.UsageError(f"there is no framework {framework!r} (target {text!r}); {remedy}")
    try:
        target = Target.parse(text)
    except TargetError as error:
        raise click.UsageError(str(error)) from error
    if bound:
        _need_bindings(target)
    if device and (stock or "@" not in text):
        target = replace(target, device=device)
    found = resolve(target)
    return target if isinstance(found, Missing) else found


def _need_bindings(target: Target) -> None:
    from conformance.targets.binding_file import binding_folder

    if not (binding_folder() / f"{target.framework}.yaml").is_file():
        raise click.UsageError(
            f"no losses of {target.framework} are listed to run; "
            f"name one of {', '.join(path.stem for path in sorted(binding_folder().glob('*.yaml')))}"
        )
