"""Every case as compressed columns: what the page's table of all cases is filled from."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby

from conformance.results.cell import Cell, Row
from conformance.results.read import Results
from conformance.results.verdict import CLASSES, SYMBOL, VERDICTS

LIMIT = 50_000
"""Cases in one page, about ten bytes each; beyond it the interesting ones are kept."""

_Entry = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """Base64 of gzip of JSON columns; `shown` of `total` cases are in it."""

    text: str
    shown: int
    total: int


def block(results: Results, limit: int = LIMIT) -> Block:
    """Compress the rows of all cells; of too many, those that pass with most room are left out."""
    cells = [cell for cell in results.cells if cell.rows]
    total = sum(len(cell.rows) for cell in cells)
    kept = _kept(cells, limit, total)
    text = json.dumps(_columns(cells, kept), separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    return Block(base64.b64encode(packed).decode("ascii"), len(kept), total)


def _kept(cells: Sequence[Cell], limit: int, total: int) -> list[_Entry]:
    entries = ((at, row) for at, cell in enumerate(cells) for row in range(len(cell.rows)))
    if total <= limit:
        return list(entries)
    return sorted(nsmallest(limit, entries, key=lambda e: _dullness(cells[e[0]].rows[e[1]])))


def _dullness(row: Row) -> tuple[bool, float]:
    share = 0.0 if row.share is None else row.share
    return row.verdict == "pass", -math.inf if math.isnan(share) else -share


def _columns(cells: Sequence[Cell], kept: list[_Entry]) -> dict[str, object]:
    rows = [cells[at].rows[row] for at, row in kept]
    names = {key: _distinct(getattr(cell, key) for cell in cells) for key in _KEYS}
    ids = _distinct(row.case for row in rows)
    place = {case: at for at, case in enumerate(ids)}
    return {
        **names,
        "symbols": [f"{SYMBOL[verdict]} {verdict}" for verdict in VERDICTS],
        "classes": CLASSES,
        "cells": [
            [*(names[key].index(getattr(cells[at], key)) for key in _KEYS), len(list(run))]
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
