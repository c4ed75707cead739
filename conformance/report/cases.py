"""Every case as compressed columns: what the page's table of all cases is filled from."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import groupby
from pathlib import Path

from conformance.results.cell import Cell, Row
from conformance.results.read import Results, ResultsReader
from conformance.results.verdict import CLASSES, SYMBOL, VERDICTS

LIMIT = 50_000
"""Cases in one page, about ten bytes each; beyond it the interesting ones are kept."""

_Place = tuple[str, ...]
_Entry = tuple[int, Row]
"""Which of the cells that have cases, and one of them."""


@dataclass(frozen=True)
class Block:
    """Base64 of gzip of JSON columns; `shown` of `total` cases are in it."""

    text: str
    shown: int
    total: int


def block(cells: Iterable[Cell], limit: int = LIMIT) -> Block:
    """Compress the rows of all cells; of too many, those that pass with most room are left out.

    Holds twice the limit of them at most.
    """
    places: list[_Place] = []
    kept: list[_Entry] = []
    total = 0
    for cell in cells:
        if not cell.rows:
            continue
        total += len(cell.rows)
        kept += [(len(places), row) for row in cell.rows]
        places.append(tuple(getattr(cell, key) for key in _KEYS))
        if len(kept) > 2 * limit:
            kept = _kept(kept, limit)
    kept = _kept(kept, limit)
    text = json.dumps(_columns(places, kept), separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    return Block(base64.b64encode(packed).decode("ascii"), len(kept), total)


def gathered(path: Path) -> tuple[Results, Block]:
    """A run without its cases, and the block of these; a cell at a time of them is held.

    ResultsError as `read_results` raises it.
    """
    bare: list[Cell] = []

    def passing(cells: Iterator[Cell]) -> Iterator[Cell]:
        for cell in cells:
            bare.append(replace(cell, rows=()))
            yield cell

    with ResultsReader(path) as reader:
        found = block(passing(reader.distinct()))
        return Results(path, reader.manifest, tuple(bare), reader.end, reader.cut), found


def _kept(entries: list[_Entry], limit: int) -> list[_Entry]:
    if len(entries) <= limit:
        return entries
    wanted = nsmallest(limit, range(len(entries)), key=lambda at: _dullness(entries[at][1]))
    return [entries[at] for at in sorted(wanted)]


def _dullness(row: Row) -> tuple[bool, float]:
    share = 0.0 if row.share is None else row.share
    return row.verdict == "pass", -math.inf if math.isnan(share) else -share


def _columns(places: Sequence[_Place], kept: list[_Entry]) -> dict[str, object]:
    rows = [row for _, row in kept]
    names = {key: _distinct(place[at] for place in places) for at, key in enumerate(_KEYS)}
    ids = _distinct(row.case for row in rows)
    place = {case: at for at, case in enumerate(ids)}
    return {
        **names,
        "symbols": [f"{SYMBOL[verdict]} {verdict}" for verdict in VERDICTS],
        "classes": CLASSES,
        "cells": [
            [
                *(names[key].index(name) for key, name in zip(_KEYS, places[at], strict=True)),
                len(list(run)),
            ]
            for at, run in groupby(kept, key=lambda entry: entry[0])
        ],
        **_ids(ids),
        "case": _steps(place[row.case] for row in rows),
        "verdict": [VERDICTS.index(row.verdict) for row in rows],
        "class": [CLASSES.index(row.worst_class) if row.worst_class else -1 for row in rows],
        "ulp": [_short(row.ulp) for row in rows],
        "share": [_short(row.share) for row in rows],
    }


def _ids(ids: Sequence[str]) -> dict[str, object]:
    """The ids as heads (`value:l1/float64/`) and tails; a tail comes back in every dtype.

    `head` and `tail` count, in steps, which of `heads` and which row of `tails` make an id; a
    column of `tails` is what stands between two slashes, 0 where there is no such part.
    """
    halves = [_halves(id) for id in ids]
    heads, tails = (_distinct(half) for half in zip(*halves, strict=True)) if ids else ([], [])
    parts = [tail.split("/") for tail in tails]
    width = max(map(len, parts), default=0)
    head, tail = ({text: at for at, text in enumerate(found)} for found in (heads, tails))
    return {
        "heads": heads,
        "tails": [[row[at] if at < len(row) else 0 for row in parts] for at in range(width)],
        "head": _steps(head[half] for half, _ in halves),
        "tail": _steps(tail[half] for _, half in halves),
    }


def _halves(id: str) -> tuple[str, str]:
    first, slash, rest = id.partition("/")
    second, other, tail = rest.partition("/")
    return first + slash + second + other, tail


def _steps(places: Iterable[int]) -> list[int]:
    """Each place as a step from the one before: almost always 1, which compresses to nothing."""
    steps, before = [], 0
    for place in places:
        steps.append(place - before)
        before = place
    return steps


_KEYS = ("loss", "property", "target", "dtype")


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _short(number: float | None) -> float | int | None:
    """Three digits are enough to read and sort by; -1 stands for what has no distance."""
    if number is None:
        return None
    if not math.isfinite(number):
        return -1
    short = float(f"{number:.3g}")
    return int(short) if short.is_integer() else short
