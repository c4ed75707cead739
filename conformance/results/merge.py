"""Merge the files of a divided run into the one that the whole run would have written."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from conformance.results.cell import PAIRS, Cell, key
from conformance.results.gist import EXIT, Gist
from conformance.results.manifest import Manifest
from conformance.results.partition import MergeError, Part, partition
from conformance.results.read import ResultsReader
from conformance.results.schema import End
from conformance.results.write import Sink, line_of

Rank = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Merged:
    """What came of a merge; `gaps` names each shard that is missing or was cut short."""

    cells: int
    planned: int
    exit: int
    sentence: str
    gaps: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """Places of the cells in the whole run: loss, dtype, target, property; all pairs come last."""

    loss: dict[str, int]
    dtype: dict[str, int]
    target: dict[str, int]
    property: dict[str, int]

    def rank(self, cell: Cell) -> Rank:
        """Raises KeyError for a cell that the manifest does not plan."""
        return (
            cell.property == PAIRS,
            self.loss[cell.loss],
            self.dtype[cell.dtype],
            self.target[cell.target],
            self.property[cell.property],
        )


def merge(paths: Sequence[str | Path], out: str | Path) -> Merged:
    """Write what the files hold together; memory does not grow with the number of cells.

    The cells are those lines of the files, in the order of the whole run. Raises MergeError where
    the files are no parts of one run, ResultsError where one cannot be read, OSError where `out`
    cannot be written. Nothing is left at `out` then but what was there.
    """
    with ExitStack() as stack:
        _differ([*paths, out])
        readers = [stack.enter_context(ResultsReader(path)) for path in paths]
        found = partition([Part(reader.path, reader.manifest) for reader in readers])
        sink = Sink(Path(out))
        sink.open()
        try:
            merged = _written(readers, found.manifest, sink)
            sink.show()
        except BaseException:
            sink.discard()
            raise
        sink.close()
    cut = tuple(f"{each.path} was cut short" for each in readers if each.end is None)
    return Merged(*merged, gaps=(*found.gaps, *cut), notes=found.notes)


def _written(
    readers: Sequence[ResultsReader], manifest: Manifest, sink: Sink
) -> tuple[int, int, int, str]:
    order, gist = order_of(manifest), Gist(manifest)
    sink.append(line_of(manifest))
    last: tuple[Rank, Path] | None = None
    streams = [_ranked(reader, order) for reader in readers]
    for rank, path, cell, line in heapq.merge(*streams, key=lambda entry: entry[0]):
        if last is not None and rank == last[0]:
            raise MergeError(
                f"{path}: the cell {' / '.join(key(cell))} is in {last[1]} too; "
                "would be in one of them"
            )
        last = rank, path
        sink.append(line + b"\n")
        gist.add(cell)
    word, sentence = gist.verdict(ended=True)
    seconds = sum(reader.end.seconds for reader in readers if reader.end)
    sink.append(line_of(End(gist.found, seconds, EXIT[word], sentence)))
    return gist.found, manifest.planned, EXIT[word], sentence


def _ranked(reader: ResultsReader, order: Order) -> Iterator[tuple[Rank, Path, Cell, bytes]]:
    last: Rank | None = None
    for cell, line in reader:
        try:
            rank = order.rank(cell)
        except KeyError as error:
            raise reader.error(f"a cell of {error}, which the manifest does not plan") from None
        if last is not None and rank <= last:
            message = f"the cell {' / '.join(key(cell))} again or out of order"
            raise reader.error(f"{message}; would be in the order of the manifest")
        last = rank
        yield rank, reader.path, cell, line


def order_of(manifest: Manifest) -> Order:
    """Where each cell of a manifest's run stands."""
    targets = [target.name for target in manifest.targets]
    names = [*manifest.properties, *([PAIRS] if manifest.pairs else [])]
    axes = (manifest.losses, manifest.dtypes, targets, names)
    return Order(*({name: place for place, name in enumerate(axis)} for axis in axes))


def _differ(paths: Sequence[str | Path]) -> None:
    """Every name is another file; the last one is to be written."""
    seen: dict[Path, str | Path] = {}
    for path in paths:
        place = Path(path).resolve()
        if place in seen:
            what = "would be written over" if path is paths[-1] else "is given twice"
            raise MergeError(f"{path}: {what}; name each file once")
        seen[place] = path
