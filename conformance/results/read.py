"""Read a results file: strict about what is there, tolerant of a run that was cut short."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.results.cell import key, stranger
from conformance.results.codec import Mismatch, decode
from conformance.results.schema import VERSION, Cell, End, Manifest

MAGIC = b"\x1f\x8b\x08"
LONGEST = 64 * 2**20
"""Bytes of one record; a longer one is an attack or an accident, not a cell."""
PIECE = 2**16
"""Bytes inflated at a time; deflate makes at most a thousandfold of them."""


class ResultsError(Exception):
    """A file that cannot be trusted as results: `path:line: what is wrong; what would be right`."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Results:
    """One run. `cut` says where the file stops if it stops inside a record."""

    path: Path
    manifest: Manifest
    cells: tuple[Cell, ...]
    end: End | None
    cut: str | None = None

    @property
    def complete(self) -> bool:
        """The end marker is there. Whether all that was asked for ran is the summary's business."""
        return self.end is not None


class _Cut(Exception):
    """The file ends inside a gzip member."""


def read_results(path: str | Path) -> Results:
    """Read a whole file.

    ResultsError: no such file, not a results file, another schema, a damaged or malformed record,
    records out of order, or a count that does not agree with the end marker. A file that merely
    stops early, as a killed run leaves it, gives the records before the cut and no end.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read, {error.strerror}; would be a results file"
        raise ResultsError(path, 0, message) from None
    if not data.startswith(MAGIC):
        raise ResultsError(path, 1, "is not gzip; would be a results file (*.jsonl.gz)")
    return _Reading(path).take(data)


class _Reading:
    """One pass over the lines, knowing where it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self.manifest: Manifest | None = None
        self.cells: dict[tuple[str, str, str, str], Cell] = {}
        self.end: End | None = None

    def take(self, data: bytes) -> Results:
        cut = None
        try:
            for line in _lines(data):
                self.number += 1
                self._record(line)
        except zlib.error as error:
            raise self._error(f"is damaged ({error})", 1) from None
        except _Cut:
            cut = f"the file stops inside line {self.number + 1}"
        if self.manifest is None:
            raise self._error("the file stops before the manifest is complete", 1)
        if self.end and cut:
            raise self._error("is damaged; would be the end of the file", 1)
        return Results(self.path, self.manifest, tuple(self.cells.values()), self.end, cut)

    def _record(self, line: bytes) -> None:
        record = self._parsed(line)
        kind = record.get("kind")
        if self.end is not None:
            raise self._error(f"a record {kind!r} after the end marker; would be the last")
        if (kind == "manifest") != (self.manifest is None):
            raise self._error(f"found a record {kind!r}; would be one manifest, on the first line")
        try:
            self._place(kind, record)
        except Mismatch as mismatch:
            raise self._error(f"{kind} record, {mismatch}") from None

    def _place(self, kind: object, record: dict[str, Any]) -> None:
        if kind == "manifest":
            if record.get("schema") != VERSION:
                found = record.get("schema")
                raise self._error(f"schema {found!r}; this version reads schema {VERSION}")
            self.manifest = decode(Manifest, record)
        elif kind == "cell":
            self._add(decode(Cell, record))
        elif kind == "end":
            self.end = decode(End, record)
            if self.end.cells != len(self.cells):
                counts = f"{self.end.cells} cells, the file has {len(self.cells)}"
                raise self._error(f"the end marker counts {counts}; would be the same")
        else:
            raise self._error(f"a record of kind {kind!r}; kinds are manifest, cell, end")

    def _add(self, cell: Cell) -> None:
        assert self.manifest is not None  # the first record is one
        if unknown := stranger(cell, self.manifest):
            raise self._error(unknown)
        if key(cell) in self.cells:
            raise self._error(f"the cell {' / '.join(key(cell))} again; would be once")
        self.cells[key(cell)] = cell

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        except UnicodeDecodeError:
            raise self._error("is not UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise self._error(f"is not JSON ({error}); would be one object a line") from None
        if not isinstance(record, dict):
            raise self._error("is not an object; would be one record a line")
        return record

    def _error(self, message: str, ahead: int = 0) -> ResultsError:
        return ResultsError(self.path, self.number + ahead, message)


def _refuse(constant: str) -> float:
    raise ValueError(f"the bare number {constant}, which JSON does not have")


def _lines(data: bytes) -> Iterator[bytes]:
    """The lines of all members; zlib.error where one is damaged, _Cut where the last one stops."""
    pending = b""
    for text in _inflated(data):
        *whole, pending = (pending + text).split(b"\n")
        if len(pending) > LONGEST:
            raise zlib.error(f"a record of more than {LONGEST} bytes")
        yield from whole
    if pending:
        yield pending


def _inflated(data: bytes) -> Iterator[bytes]:
    start = at = 0
    inflate = zlib.decompressobj(wbits=31)
    while at < len(data):
        piece = data[at : at + PIECE]
        yield inflate.decompress(piece)
        at += len(piece) - len(inflate.unused_data)
        if inflate.eof:
            start, inflate = at, zlib.decompressobj(wbits=31)
    if start == at:
        return
    # A broken length can swallow all that follows: that is damage, not a run that was cut short.
    if data.find(MAGIC + b"\x00", start + 1) != -1:
        raise zlib.error("another record starts inside this one")
    raise _Cut
