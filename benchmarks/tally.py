"""What was counted so far, a line a round, so that an interrupted count goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.shares import STEPS, Shares

Key = tuple[str, str]
"""Target and loss."""


class StateError(Exception):
    """A file of rounds that was begun elsewhere, or is no such file."""


class Tally:
    """Rounds in a file of JSON lines, the first of which says what they were counted with."""

    def __init__(self, path: Path, setting: dict[str, str]) -> None:
        self._path = path
        self.shares: dict[Key, Shares] = {}
        self.rounds: Counter[Key] = Counter()
        if path.exists():
            self._read(setting)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(setting) + "\n", "utf-8")

    def add(self, key: Key, number: int, shares: Shares) -> None:
        """Keep one round, at once on disk."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([*key, number, _packed(shares)]) + "\n")
        self._count(key, number, shares)

    def _count(self, key: Key, number: int, shares: Shares) -> None:
        self.shares.setdefault(key, Shares()).merge(shares)
        self.rounds[key] = max(self.rounds[key], number)

    def _read(self, setting: dict[str, str]) -> None:
        head, *lines = self._path.read_text("utf-8").splitlines() or [""]
        if head != json.dumps(setting):
            told = "was begun with other versions or another state of the suite"
            raise StateError(f"{self._path}: {told}; delete it to begin anew")
        for target, loss, number, packed in self._whole(lines):
            self._count((target, loss), number, _unpacked(packed))

    def _whole(self, lines: list[str]) -> Iterator[list]:  # type: ignore[type-arg]
        """The rounds; a last line that was cut off when the count was killed is dropped."""
        for place, line in enumerate(lines):
            try:
                yield json.loads(line)
            except ValueError as error:
                if place < len(lines) - 1:
                    told = f"{error}; delete the file to begin anew"
                    raise StateError(f"{self._path}:{place + 2}: {told}") from error
                kept = self._path.read_text("utf-8").splitlines()[:-1]
                self._path.write_text("\n".join(kept) + "\n", "utf-8")


_NUMBERS = ("comparisons", "exceedances", "known", "premature", "beyond")


def _packed(shares: Shares) -> dict[str, object]:
    places = np.flatnonzero(shares.counts)
    return {
        **{name: getattr(shares, name) for name in _NUMBERS},
        "flagged": dict(shares.flagged),
        "counts": {int(place): int(shares.counts[place]) for place in places},
        "largest": shares.largest,
    }


def _unpacked(packed: dict) -> Shares:  # type: ignore[type-arg]
    counts = np.zeros(STEPS + 1, dtype=np.int64)
    for place, count in packed["counts"].items():
        counts[int(place)] = count
    return Shares(
        **{name: packed[name] for name in _NUMBERS},
        flagged=Counter(packed["flagged"]),
        counts=counts,
        largest=packed["largest"],
    )
