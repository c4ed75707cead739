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
    steps, before = [], 0
    for row in rows:
        # A step from the row before: almost always 1, which compresses to nothing.
        steps.append(place[row.case] - before)
        before = place[row.case]
    return {
        **names,
        "symbols": [f"{SYMBOL[verdict]} {verdict}" for verdict in VERDICTS],
        "classes": CLASSES,
        "cells": [
            [*(names[key].index(getattr(cells[at], key)) for key in _KEYS), len(list(run))]
            for at, run in groupby(kept, key=lambda entry: entry[0])
        ],
        "ids": ids,
        "case": steps,
        "verdict": [VERDICTS.index(row.verdict) for row in rows],
        "class": [CLASSES.index(row.worst_class) if row.worst_class else -1 for row in rows],
        "ulp": [_short(row.ulp) for row in rows],
        "share": [_short(row.share) for row in rows],
    }


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
