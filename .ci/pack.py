"""Pack a results file for publication: the same lines, like cells side by side, in one gzip member.

A run writes its cells as they finish, a loss and dtype at a time. Deflate looks 32 KiB back, so that
it sees that four targets were asked the same cases only where their cells are neighbours.
"""

import gzip
import sys
from pathlib import Path

from conformance.results.cell import Cell
from conformance.results.read import ResultsReader
from conformance.results.write import line_of


def packed(file: str) -> bytes:
    """The file by loss, property, dtype and target; SystemExit where the run is incomplete."""
    with ResultsReader(file) as reader:
        cells = list(reader)
    manifest, end = reader.manifest, reader.end
    if end is None:
        raise SystemExit(f"{file}: the run is incomplete; would be one that came to its end")
    axes = (
        list(manifest.losses),
        list(manifest.properties),
        list(manifest.dtypes),
        [target.name for target in manifest.targets],
    )

    def place(entry: tuple[Cell, bytes]) -> list[tuple[int, str]]:
        cell = entry[0]
        names = (cell.loss, cell.property, cell.dtype, cell.target)
        # What a manifest does not plan, such as all pairs of inputs, comes after what it does.
        return [
            (axis.index(name) if name in axis else len(axis), name)
            for axis, name in zip(axes, names, strict=True)
        ]

    lines = [line for _, line in sorted(cells, key=place)]
    text = b"".join([line_of(manifest), *(line + b"\n" for line in lines), line_of(end)])
    return gzip.compress(text, compresslevel=9, mtime=0)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    Path(target).write_bytes(packed(source))
