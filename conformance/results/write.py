"""Append records to a results file so that what was written survives whatever comes next."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.results.cell import key, stranger
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.schema import Cell, End, Manifest


class ResultsWriter:
    """Write the manifest on entry, a record a cell, and the end marker only when told.

    Records may be the frozen classes or mappings of the same keys; each is held to the schema
    before it is written (ValueError names the key). After an exception, or without `end`, the
    file reads as an incomplete run.
    """

    def __init__(self, path: str | Path, manifest: Manifest | Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._first, self._manifest = _line(Manifest, manifest)
        self._seen: set[tuple[str, str, str, str]] = set()
        self._file: int | None = None
        self._ended = False

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o644)
        self._append(self._first)
        return self

    def cell(self, record: Cell | Mapping[str, Any]) -> None:
        """Write one cell; it is on its way to the disk when this returns."""
        line, cell = _line(Cell, record)
        if unknown := stranger(cell, self._manifest):
            raise ValueError(f"results: cell record, {unknown}")
        if key(cell) in self._seen:
            raise ValueError(f"results: the cell {' / '.join(key(cell))} was already written")
        self._append(line)
        self._seen.add(key(cell))

    def end(self, *, seconds: float, exit: int, verdict: str) -> None:
        """Mark the run complete; nothing can be written after it."""
        end = End(cells=len(self._seen), seconds=seconds, exit=exit, verdict=verdict)
        self._append(_line(End, end)[0])
        self._ended = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is None or self._ended:
            raise ValueError("results: the writer is closed; would be inside its `with` block")
        # One member a record, written in one go: no buffer of ours can lose it.
        rest = gzip.compress(line, compresslevel=6, mtime=0)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _line(kind: type[Manifest] | type[Cell] | type[End], record: object) -> tuple[bytes, Any]:
    """The record as a line and as its class, read back from that very line."""
    try:
        text = json.dumps(encode(record), ensure_ascii=False, allow_nan=False)
        # A lone surrogate has no UTF-8; it would make the whole line unreadable.
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        return line, decode(kind, json.loads(line))
    except Mismatch as mismatch:
        raise ValueError(f"results: {kind.__name__.lower()} record, {mismatch}") from None
