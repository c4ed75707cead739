"""A shard: the part K of N of a run, the same for everybody who asks for the same run.

The unit is a batch, one loss in one dtype on every target: its cases are drawn once, and all of
its cells come from one shard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.specs.models import Loss

Batch = tuple[str, str]
"""Loss and dtype."""

_TEXT = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")


class ShardError(ValueError):
    """A shard that there is not."""


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1) of `of`, and the batches that it holds."""

    number: int
    of: int
    batches: tuple[Batch, ...]

    @property
    def text(self) -> str:
        return f"{self.number}/{self.of}"


def parse(text: str) -> tuple[int, int]:
    """Read `K/N`; raises ShardError."""
    match = _TEXT.fullmatch(text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise ShardError(f"the shard {text!r} cannot be read; write K/N with 1 <= K <= N, as 2/4")
    return number, of


def shard(
    text: str, losses: Iterable[str], dtypes: Iterable[str], specs: Mapping[str, Loss]
) -> Shard:
    """The part of a run that `K/N` names. Raises ShardError where there is not enough to divide."""
    number, of = parse(text)
    dtypes = tuple(dtypes)
    batches = [(loss, dtype) for loss in losses for dtype in dtypes]
    if of > len(batches):
        raise ShardError(
            f"the shard {text}: there are {len(batches)} batches (one loss in one dtype) to "
            f"divide; write K/N with N up to {len(batches)}"
        )
    parts = divided({batch: cost(specs[batch[0]]) for batch in batches}, of)
    return Shard(number, of, parts[number - 1])


def divided(costs: Mapping[Batch, int], of: int) -> list[tuple[Batch, ...]]:
    """Every batch in one part, the dearest first and each to the part with least to do so far.

    Within a part they keep their order. No part is empty while there are as many batches.
    """
    order = {batch: place for place, batch in enumerate(costs)}
    loads, parts = [0] * of, [list[Batch]() for _ in range(of)]
    for batch in sorted(costs, key=lambda batch: (-costs[batch], order[batch])):
        lightest = min(range(of), key=lambda part: (loads[part], part))
        loads[lightest] += costs[batch]
        parts[lightest].append(batch)
    return [tuple(sorted(part, key=order.__getitem__)) for part in parts]


def cost(loss: Loss) -> int:
    """What a loss takes, roughly: calls grow with its parameters, arrays with a class axis."""
    classes = any("classes" in each.shape.split() for each in loss.inputs.values())
    return 5 + len(loss.parameters) + len(loss.identities) + 3 * classes
