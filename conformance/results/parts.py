"""Which parts of a divided run a file holds, as its manifest says: `2/4`, or `1,2,4/4`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Parts:
    """Numbers from 1 to `of`."""

    numbers: frozenset[int]
    of: int

    @property
    def missing(self) -> tuple[int, ...]:
        return tuple(n for n in range(1, self.of + 1) if n not in self.numbers)

    @property
    def text(self) -> str | None:
        """As in a manifest, where a whole run says nothing."""
        if not self.missing:
            return None
        return f"{','.join(str(number) for number in sorted(self.numbers))}/{self.of}"


def parts(text: str | None) -> Parts:
    """Read what a manifest says. Raises ValueError for anything else."""
    if text is None:
        return Parts(frozenset({1}), 1)
    numbers, _, of = text.partition("/")
    found = Parts(frozenset(int(number) for number in numbers.split(",")), int(of))
    if not found.numbers <= set(range(1, found.of + 1)):
        raise ValueError(f"no part of {found.of}")
    return found


def missing_shards(text: str | None) -> tuple[str, ...]:
    """The shards that are not there, as they are written; none where the text says nothing."""
    try:
        found = parts(text)
    except ValueError:
        return ()
    return names(found.missing, found.of)


def names(numbers: Iterable[int], of: int) -> tuple[str, ...]:
    return tuple(f"{number}/{of}" for number in numbers)
