"""Read a results file: strict about what is there, tolerant of a run that was cut short."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from conformance.results.cell import Key, key, stranger
from conformance.results.codec import Mismatch, decode
from conformance.results.lines import MAGIC, Cut, Damage, lines
from conformance.results.schema import VERSION, Cell, End, Manifest


class ResultsError(Exception):
    """A file that cannot be trusted as results: `path:line: what is wrong; what would be right`."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class NoManifest(ResultsError):
    """The file stops before its first record is complete: it holds nothing that could be kept."""


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


class Entry(NamedTuple):
    """A cell and the line that it was read from."""

    cell: Cell
    line: bytes


def read_results(path: str | Path) -> Results:
    """Read a whole file.

    ResultsError: no such file, not a results file, another schema, a damaged or malformed record,
    records out of order, or a count that does not agree with the end marker. A file that merely
    stops early, as a killed run leaves it, gives the records before the cut and no end.
    """
    with ResultsReader(path) as reader:
        cells = tuple(reader.distinct())
        return Results(reader.path, reader.manifest, cells, reader.end, reader.cut)


class ResultsReader:
    """One pass over a file in memory that does not grow with it; a context manager.

    Iterating gives the cells with their lines, as they stand in the file; after it `end` and `cut`
    are set. Raises ResultsError as `read_results` does, but does not look for a cell that comes
    twice.
    """

    manifest: Manifest

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.number = 0
        self.count = 0
        self.end: End | None = None
        self.cut: str | None = None

    def __enter__(self) -> Self:
        try:
            self._file: BinaryIO = self.path.open("rb")
        except OSError as error:
            message = f"cannot be read, {error.strerror}; would be a results file"
            raise ResultsError(self.path, 0, message) from None
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Entry]:
        for line in self._lines:
            record = self._record(line)
            if isinstance(record, Cell):
                self.count += 1
                yield Entry(record, line)
            elif isinstance(record, End):
                self.end = record
        if self.end and self.cut:
            raise self.error("is damaged; would be the end of the file", 1)

    def distinct(self) -> Iterator[Cell]:
        """The cells; raises ResultsError for one that comes twice, and keeps their names for it."""
        seen: set[Key] = set()
        for cell, _ in self:
            if key(cell) in seen:
                raise self.error(f"the cell {' / '.join(key(cell))} again; would be once")
            seen.add(key(cell))
            yield cell

    def error(self, message: str, ahead: int = 0) -> ResultsError:
        """An error at the line that was read last, or `ahead` of it."""
        return ResultsError(self.path, self.number + ahead, message)

    def _begin(self) -> None:
        try:
            head = self._file.read(len(MAGIC))
            self._file.seek(0)
        except OSError as error:
            message = f"cannot be read, {error.strerror}; would be a results file"
            raise ResultsError(self.path, 0, message) from None
        if head and MAGIC.startswith(head) and head != MAGIC:
            raise NoManifest(self.path, 1, _NO_MANIFEST)
        if not head:
            raise NoManifest(self.path, 1, "is empty; would be a results file (*.jsonl.gz)")
        if head != MAGIC:
            raise ResultsError(self.path, 1, "is not gzip; would be a results file (*.jsonl.gz)")
        self._lines = self._numbered()
        first = next(self._lines, None)
        if first is None:
            raise NoManifest(self.path, 1, _NO_MANIFEST)
        manifest = self._record(first, first=True)
        assert isinstance(manifest, Manifest)
        self.manifest = manifest

    def _numbered(self) -> Iterator[bytes]:
        try:
            for line in lines(self._file):
                self.number += 1
                yield line
        except Damage as damage:
            # A member is checked at its end: of several lines in one, any may be the one.
            since = f", anywhere from line {damage.first} on" if damage.first <= self.number else ""
            raise self.error(f"is damaged ({damage}){since}", 1) from None
        except Cut:
            self.cut = f"the file stops inside line {self.number + 1}"

    def _record(self, line: bytes, first: bool = False) -> Manifest | Cell | End:
        record = self._parsed(line)
        kind = record.get("kind")
        if self.end is not None:
            raise self.error(f"a record {kind!r} after the end marker; would be the last")
        if (kind == "manifest") != first:
            raise self.error(f"found a record {kind!r}; would be one manifest, on the first line")
        try:
            return self._decoded(kind, record)
        except Mismatch as mismatch:
            raise self.error(f"{kind} record, {mismatch}") from None

    def _decoded(self, kind: object, record: dict[str, Any]) -> Manifest | Cell | End:
        if kind == "manifest":
            if record.get("schema") != VERSION:
                found = record.get("schema")
                raise self.error(f"schema {found!r}; this version reads schema {VERSION}")
            return decode(Manifest, record)
        if kind == "cell":
            cell = decode(Cell, record)
            if unknown := stranger(cell, self.manifest):
                raise self.error(unknown)
            return cell
        if kind == "end":
            end = decode(End, record)
            if end.cells != self.count:
                counts = f"{end.cells} cells, the file has {self.count}"
                raise self.error(f"the end marker counts {counts}; would be the same")
            return end
        raise self.error(f"a record of kind {kind!r}; kinds are manifest, cell, end")

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        except UnicodeDecodeError:
            raise self.error("is not UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise self.error(f"is not JSON ({error}); would be one object a line") from None
        if not isinstance(record, dict):
            raise self.error("is not an object; would be one record a line")
        return record


_NO_MANIFEST = "the file stops before the manifest is complete"


def _refuse(constant: str) -> float:
    raise ValueError(f"the bare number {constant}, which JSON does not have")
