"""What a rule looks at: one spec, where its parts stand, and what it may refer to."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.specs.errors import Problem
from conformance.specs.models import Loss
from conformance.specs.reading import Document, Trail
from conformance.specs.shared import Convention, Work


@dataclass(frozen=True)
class Context:
    """A loss with its document, and the losses, conventions and works known beside it."""

    loss: Loss
    document: Document
    losses: Mapping[str, Loss]
    conventions: Mapping[str, Convention]
    bibliography: Mapping[str, Work]

    def problem(self, trail: Trail, message: str, remedy: str, *, key: bool = False) -> Problem:
        """Say what is wrong at a place of the spec."""
        return self.document.problem(trail, message, remedy, key=key)


def options(name: str, known: Iterable[str]) -> str:
    """Give the remedy for an unknown name: the closest known one, and all of them."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known are {', '.join(names) or 'none'}"
