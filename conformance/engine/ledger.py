"""Finished blocks of all pairs: kept a line each, found again, and put together to one cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from conformance.results.cell import Cell, Worst
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.verdict import Class as Label
from conformance.results.verdict import worst
from conformance.targets.known import Deviation


def digest_of_known(known: Sequence[Deviation]) -> str:
    """Of a project's known deviations: a block is judged by them, and not kept beyond them."""
    return sha256("\n".join(each.model_dump_json() for each in known).encode()).hexdigest()[:16]


def finished(file: Path | None, key: Mapping[str, str]) -> dict[int, Cell]:
    """The blocks that a file holds for a key; a line that was cut short does not count."""
    done: dict[int, Cell] = {}
    if file is None or not file.is_file():
        return done
    for line in file.read_text("utf-8").splitlines():
        try:
            entry = json.loads(line)
            if all(entry.get(name) == text for name, text in key.items()):
                done[int(entry["block"])] = decode(Cell, entry["cell"])
        except (ValueError, KeyError, AttributeError, Mismatch):
            continue
    return done


def keep(file: Path | None, key: Mapping[str, str], number: int, cell: Cell) -> None:
    """Append a finished block."""
    if file is not None:
        line = json.dumps({**key, "block": number, "cell": encode(cell)}, allow_nan=False)
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")


def merged(parts: Sequence[Cell], coverage: str) -> Cell:
    """One cell of those of its blocks: counts added, the worst kept, one finding of each cause."""
    classes: Counter[Label] = Counter()
    for part in parts:
        classes.update(part.classes)
    causes = {found.id: found for part in parts for found in part.findings}
    known = {each.id: each for part in parts for each in part.known}
    worsts = [part.worst for part in parts if part.worst is not None]
    lost = [part.accuracy_loss for part in parts if part.accuracy_loss is not None]
    return replace(
        parts[0],
        verdict=worst([part.verdict for part in parts]),
        cases=len(parts),
        elements=sum(part.elements for part in parts),
        classes=dict(classes),
        worst=max(worsts, key=_rank, default=None),
        accuracy_loss=max(lost, key=lambda each: each.factor, default=None),
        coverage=coverage,
        findings=tuple(causes.values()),
        known=tuple(known.values()),
    )


def _rank(found: Worst) -> tuple[float, float]:
    return (-1.0 if found.share is None else found.share, found.ulp)
