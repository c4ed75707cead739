"""Append records to a results file so that what was written survives whatever comes next."""

from __future__ import annotations

import errno
import gzip
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.results.cell import key, stranger
from conformance.results.codec import Mismatch, decode, encode
from conformance.results.read import Entry
from conformance.results.schema import Cell, End, Manifest

SYNC = 1.0
"""Seconds of work that a lost supply of power may cost, beside what the disk itself forgets."""


class ResultsWriter:
    """Write the manifest on entry, a record a cell, and the end marker only when told.

    Records may be the frozen classes or mappings of the same keys; each is held to the schema
    before it is written (ValueError names the key). After an exception, or without `end`, the
    file reads as an incomplete run. `kept` are cells of the same run that were recorded before:
    they follow the manifest as they are. A file of that name is replaced when manifest and kept
    cells are on the disk, not before.
    """

    def __init__(
        self, path: str | Path, manifest: Manifest | Mapping[str, Any], kept: Iterable[Entry] = ()
    ) -> None:
        self.path = Path(path)
        self._first, self._manifest = _line(Manifest, manifest)
        self._kept = kept
        self._seen: set[tuple[str, str, str, str]] = set()
        self._sink = Sink(self.path)

    def __enter__(self) -> Self:
        self._sink.open()
        try:
            self._sink.append(self._first)
            for cell, line in self._kept:
                self._sink.append(line + b"\n")
                self._seen.add(key(cell))
            self._sink.show()
        except BaseException:
            self._sink.discard()
            raise
        return self

    def cell(self, record: Cell | Mapping[str, Any]) -> None:
        """Write one cell; it is on its way to the disk when this returns."""
        line, cell = _line(Cell, record)
        if unknown := stranger(cell, self._manifest):
            raise ValueError(f"results: cell record, {unknown}")
        if key(cell) in self._seen:
            raise ValueError(f"results: the cell {' / '.join(key(cell))} was already written")
        self._sink.append(line)
        self._seen.add(key(cell))

    def end(self, *, seconds: float, exit: int, verdict: str) -> None:
        """Mark the run complete; nothing can be written after it."""
        end = End(cells=len(self._seen), seconds=seconds, exit=exit, verdict=verdict)
        self._sink.append(_line(End, end)[0])
        self._sink.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._sink.close()
        except OSError:
            if error is None:  # else there is something to tell already
                raise


class Sink:
    """A file of gzip members that takes its name when it has something to say.

    Until `show` it lies beside its place under another name, so that what stood there before is
    not lost to a process that dies early. A place that is no regular file is written to at once.
    """

    def __init__(self, path: Path) -> None:
        self._place = path
        self._hidden: Path | None = None
        self._file: int | None = None
        self._synced = 0.0

    def open(self) -> None:
        self._place = place = Path(os.path.realpath(self._place))
        place.parent.mkdir(parents=True, exist_ok=True)
        opened = place
        if place.is_file() or not place.exists():
            opened = self._hidden = place.with_name(f".{place.name}.{os.getpid()}")
            if place.exists() and not os.access(place, os.W_OK):
                raise PermissionError(errno.EACCES, "Permission denied", str(place))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._file = os.open(opened, flags, 0o644)

    def append(self, line: bytes) -> None:
        if self._file is None:
            raise ValueError("results: the writer is closed; would be inside its `with` block")
        # One member a record, written in one go: no buffer of ours can lose it.
        rest = gzip.compress(line, compresslevel=6, mtime=0)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        if time.monotonic() - self._synced > SYNC:
            self._sync(self._file)

    def show(self) -> None:
        """Take the name."""
        if self._file is not None and self._hidden is not None:
            self._sync(self._file)
            os.replace(self._hidden, self._place)
            self._hidden = None

    def discard(self) -> None:
        """Leave what stood in the place as it was."""
        self.close()
        if self._hidden is not None:
            self._hidden.unlink(missing_ok=True)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                self._sync(file)
            finally:
                os.close(file)

    def _sync(self, file: int) -> None:
        try:
            os.fsync(file)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a pipe or a device, which has nothing to keep
                raise
        self._synced = time.monotonic()


def line_of(record: Manifest | End) -> bytes:
    """A record as a line of the file; raises ValueError as the writer does."""
    return _line(type(record), record)[0]


def _line(kind: type[Manifest] | type[Cell] | type[End], record: object) -> tuple[bytes, Any]:
    """The record as a line and as its class, read back from that very line."""
    try:
        text = json.dumps(encode(record), ensure_ascii=False, allow_nan=False)
        # A lone surrogate has no UTF-8; it would make the whole line unreadable.
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        return line, decode(kind, json.loads(line))
    except Mismatch as mismatch:
        raise ValueError(f"results: {kind.__name__.lower()} record, {mismatch}") from None
