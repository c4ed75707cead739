"""A run that goes on where its file ends: what it was asked for, and what is there already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from conformance.results.cell import Key, key
from conformance.results.manifest import Manifest
from conformance.results.partition import Part, alike, comparable, same
from conformance.results.read import Entry, NoManifest, ResultsReader


@dataclass
class Earlier:
    """An unfinished file. `done` fills while its cells are handed on to the new one."""

    reader: ResultsReader
    done: set[Key] = field(default_factory=set)

    @property
    def manifest(self) -> Manifest:
        return self.reader.manifest

    def cells(self) -> Iterator[Entry]:
        """The whole cells, each once; raises ResultsError."""
        for entry in self.reader:
            if key(entry.cell) in self.done:
                raise self.reader.error(f"the cell {' / '.join(key(entry.cell))} again")
            self.done.add(key(entry.cell))
            yield entry

    def same_run(self, manifest: Manifest) -> None:
        """Raise MergeError, with what differs, where the new run is another one."""
        one, other = Part(Path("this run"), manifest), Part(self.reader.path, self.manifest)
        comparable(one, other)
        same(one, other, "shard", manifest.shard, self.manifest.shard)
        same(one, other, "known deviations", _ids(manifest), _ids(self.manifest))
        same(one, other, "targets", one.targets, other.targets)
        for ours, theirs in zip(manifest.targets, self.manifest.targets, strict=True):
            alike(one, other, ours, theirs)


def earlier(file: Path, stack: ExitStack) -> Earlier | None:
    """The file to go on from, open; None, with a word about it, where there is nothing in it."""
    if not file.exists():
        click.echo(f"{file} does not exist yet: the run starts from the beginning", err=True)
        return None
    try:
        return Earlier(stack.enter_context(ResultsReader(file)))
    except NoManifest:
        click.echo(f"{file} holds no whole record: the run starts from the beginning", err=True)
        return None


def _ids(manifest: Manifest) -> tuple[str, ...]:
    return tuple(each.id for each in manifest.known)
