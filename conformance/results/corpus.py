"""The corpus: the input that uses most of its bound, of each cell, so that no run forgets it.

A folder with one file a loss, `mse.jsonl`, one entry a line. The suite's own is `reports/corpus` in
a checkout, and travels in the wheel.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from conformance.results.cell import Cell
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.read import Results, ResultsError

SUFFIX = ".jsonl"
_DTYPES = ("float64", "float32", "float16", "bfloat16")
_VERSION = re.compile(r"==[^@]+")


@dataclass(frozen=True)
class Entry:
    """The worst input known of one cell; `share` is error / own bound, measured at `version`.

    `target` names no version, `case` is the text that rebuilds the case.
    """

    dtype: Literal["float64", "float32", "float16", "bfloat16"]
    property: Literal["value", "gradient"]
    target: str
    share: float
    version: str | None
    case: str

    def place(self) -> Place:
        return self.dtype, self.property, self.target


Place = tuple[str, str, str]
"""Dtype, property and target: of each, one entry a loss is kept."""

Corpus = Mapping[str, tuple[Entry, ...]]
"""Entries by loss."""


def corpus_folder() -> Path:
    """Where the suite's own lies: `reports/corpus` in a checkout, else the copy in the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "reports" / "corpus"
    return checkout if checkout.is_dir() else package / "_reports" / "corpus"


@cache
def own_corpus() -> Corpus:
    return read_corpus(corpus_folder())


def read_corpus(folder: Path) -> Corpus:
    """Every file of a folder; nothing where there is no folder. Raises ResultsError."""
    return {path.stem: _read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))}


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(path, 1, f"cannot be read, {error}; restore or delete it") from error
    found: dict[Place, Entry] = {}
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, path, number)
        if entry.place() in found:
            told = f"{' '.join(entry.place())} again; keep the line with the larger share"
            raise ResultsError(path, number, told)
        found[entry.place()] = entry
    return tuple(found.values())


def _entry(line: str, path: Path, number: int) -> Entry:
    try:
        entry = decode(Entry, json.loads(line))
    except (ValueError, Mismatch) as error:
        raise ResultsError(
            path, number, f"no entry of a corpus, {error}; one is a line such as {_EXAMPLE}"
        ) from error
    begins = f"{path.stem}/{entry.dtype}/"
    if not entry.case.startswith(begins):
        told = f"the case {entry.case!r} is of another loss or dtype; it would begin with {begins}"
        raise ResultsError(path, number, told)
    return entry


_EXAMPLE = (
    '{"dtype": "float32", "property": "value", "target": "torch@cpu", "share": 0.5, '
    '"version": "2.13.0", "case": "mse/float32/..."}'
)


def merged(one: Corpus, other: Corpus) -> Corpus:
    """Both together; of two entries for one place the larger share, of equal ones the first."""
    return {
        loss: _worst((*one.get(loss, ()), *other.get(loss, ())))
        for loss in dict.fromkeys((*one, *other))
    }


def _worst(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    kept: dict[Place, Entry] = {}
    for entry in entries:
        if entry.place() not in kept or entry.share > kept[entry.place()].share:
            kept[entry.place()] = entry
    return tuple(sorted(kept.values(), key=_order))


def _order(entry: Entry) -> tuple[int, bool, str]:
    return _DTYPES.index(entry.dtype), entry.property != "value", entry.target


def unversioned(target: str) -> str:
    """The name of a target at any version: `torch==2.13.0@cpu` is `torch@cpu`."""
    return _VERSION.sub("", target)


def grown(corpus: Corpus, results: Results) -> Corpus:
    """The corpus with what the hunts of a run have climbed to.

    An entry that the run measured anew at its own version takes the new share first.
    """
    versions = {each.name: each.version for each in results.manifest.targets}
    found: dict[str, list[Entry]] = {loss: list(entries) for loss, entries in corpus.items()}
    for cell in results.cells:
        climb = cell.climb
        if climb is None or climb.case is None:
            continue
        entry = _entry_of(cell, climb.after, climb.case, versions[cell.target])
        kept = [_again(each, entry, climb.kept) for each in found.get(cell.loss, ())]
        found[cell.loss] = [*kept, entry]
    return {loss: _worst(entries) for loss, entries in found.items()}


def _entry_of(cell: Cell, share: float, case: str, version: str | None) -> Entry:
    made = {
        "dtype": cell.dtype, "property": cell.property, "target": unversioned(cell.target),
        "share": share, "version": version, "case": case,
    }  # fmt: skip
    return decode(Entry, made)


def _again(old: Entry, new: Entry, share: float | None) -> Entry:
    """The old entry at its share in this run, where that is the same version of its target."""
    same = old.place() == new.place() and old.version == new.version
    return old if share is None or not same else replace(old, share=share)


def write_corpus(folder: Path, corpus: Corpus) -> list[Path]:
    """Write the files that change, each whole or not at all, and give them. Raises OSError."""
    changed = []
    for loss, entries in corpus.items():
        path = folder / f"{loss}{SUFFIX}"
        text = "".join(f"{json.dumps(encode(entry))}\n" for entry in entries)
        if not entries or (path.is_file() and path.read_text("utf-8") == text):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(text, "utf-8")
        beside.replace(path)
        changed.append(path)
    return changed
