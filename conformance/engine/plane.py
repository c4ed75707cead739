"""All pairs of 16-bit inputs of an elementwise loss, cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.cases.exhaustive import values_of
from conformance.numerics.formats import FORMATS, Floats
from conformance.specs.models import Loss

ROWS, PIECES = 16, 4
"""Values of the first input in one call, and calls in a block: a million pairs, and four."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The two inputs of a loss in a dtype, all legal values of each."""

    loss: Loss
    dtype: str
    first: Floats
    second: Floats

    @property
    def blocks(self) -> int:
        return -(-self.first.size // (ROWS * PIECES))

    def rows(self, block: int) -> Iterator[Floats]:
        """The values of the first input of each call of a block."""
        start = block * ROWS * PIECES
        for at in range(start, min(start + ROWS * PIECES, self.first.size), ROWS):
            yield self.first[at : at + ROWS]


def plane_of(loss: Loss, dtype: str) -> Plane:
    one, other = (values_of(loss, name, {}, FORMATS[dtype]) for name in loss.inputs)
    return Plane(loss, dtype, one, other)
