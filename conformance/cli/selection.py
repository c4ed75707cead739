"""Which losses and targets the flags ask for."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.specs.library import Library
    from conformance.targets.target import Target

STOCK = ("torch@cpu", "keras@cpu", "tensorflow@cpu", "optax@cpu+jit")
"""JAX as it is used, compiled: eager, each new shape costs it a second; `optax@cpu` asks for that."""


def chosen_losses(names: tuple[str, ...], library: Library) -> tuple[str, ...]:
    """The losses named, or all. Raises click.UsageError with the nearest name."""
    for name in names:
        if name not in library.losses:
            near = difflib.get_close_matches(name, library.losses, 1)
            known = ", ".join(library.losses)
            remedy = f"did you mean {near[0]!r}?" if near else f"there are {known}"
            raise click.UsageError(f"there is no loss {name!r}; {remedy}")
    return tuple(dict.fromkeys(names)) or tuple(library.losses)


def chosen_targets(texts: tuple[str, ...], device: str | None) -> tuple[Target, ...]:
    """The targets named; or every stock framework that is installed."""
    from conformance.targets.target import Missing, Target, resolve

    if texts:
        named = [Target.parse(text) for text in texts]
        return tuple(
            replace(each, device=device) if device and "@" not in text else each
            for each, text in zip(named, texts, strict=True)
        )
    stock = [replace(Target.parse(name), device=device or "cpu") for name in STOCK]
    found = tuple(each for each in stock if not isinstance(resolve(each), Missing))
    if not found:
        raise click.UsageError(
            f"none of {', '.join(STOCK)} is installed; "
            "install one (pip install 'loss-conformance[torch]') or name a target with -t"
        )
    return found
