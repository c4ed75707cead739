"""What a worker reads off a callable: its kind and its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAMED = ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")


@dataclass(frozen=True)
class Argument:
    """One argument of a callable; `default` is a plain value or the text of another one."""

    name: str
    kind: str
    required: bool
    default: Any


@dataclass(frozen=True)
class Description:
    """What the worker read off a callable. `takes` is None where it does not say.

    `constructs` are the constructor's arguments, of a class; `keras` says that a Keras loss takes
    the target first; `dtype` is the one that an object casts to; `altered` what its import changed.
    """

    kind: str
    name: str
    takes: tuple[Argument, ...] | None
    constructs: tuple[Argument, ...] | None
    keras: bool
    dtype: str | None
    companion: bool
    altered: tuple[str, ...]

    @property
    def optional(self) -> tuple[Argument, ...]:
        """Where parameters go: into the constructor of a class, else into the call."""
        return (self.constructs if self.kind == "class" else self.takes) or ()

    def accepts(self, name: str) -> bool:
        return any(
            each.kind == "VAR_KEYWORD" or (each.name == name and each.kind in _NAMED)
            for each in self.optional
        )

    def argument(self, name: str) -> Argument | None:
        return next((each for each in self.optional if each.name == name), None)


def read_description(given: Mapping[str, Any]) -> Description:
    """The worker's answer as a record."""

    def arguments(listed: Sequence[Mapping[str, Any]] | None) -> tuple[Argument, ...] | None:
        return None if listed is None else tuple(Argument(**each) for each in listed)

    return Description(
        kind=given["kind"],
        name=given["name"],
        takes=arguments(given["takes"]),
        constructs=arguments(given["constructs"]),
        keras=given["keras"],
        dtype=given["dtype"],
        companion=given["companion"],
        altered=tuple(given["altered"]),
    )
