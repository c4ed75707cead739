"""A shard: the part K of N of a run, the same for everybody who asks for the same run.

The unit is a batch, one loss in one dtype on every target: its cases are drawn once, and all of
its cells come from one shard. All pairs of its 16-bit inputs are a unit of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from conformance.specs.models import Loss

Batch = tuple[str, str]
"""Loss and dtype."""

Unit = TypeVar("Unit")

ALL_PAIRS = 600
"""What all pairs of a loss in a dtype take, in units of `cost`: more than a minute a target."""

_TEXT = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")


class ShardError(ValueError):
    """A shard that there is not."""


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1) of `of`: the batches that it holds, and those of which all pairs."""

    number: int
    of: int
    batches: tuple[Batch, ...]
    pairs: tuple[Batch, ...] = ()

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
    text: str,
    losses: Iterable[str],
    dtypes: Iterable[str],
    specs: Mapping[str, Loss],
    pairs: Iterable[Batch] = (),
) -> Shard:
    """The part of a run that `K/N` names. Raises ShardError where there is not enough to divide.

    `pairs` are those of which the whole run tries all pairs of inputs.
    """
    number, of = parse(text)
    dtypes = tuple(dtypes)
    costs = {(loss, dtype, False): cost(specs[loss]) for loss in losses for dtype in dtypes}
    count = len(costs)
    costs |= {(loss, dtype, True): ALL_PAIRS for loss, dtype in pairs}
    if of > len(costs):
        more = f" and {len(costs) - count} times all pairs" if len(costs) > count else ""
        raise ShardError(
            f"the shard {text}: there are {count} batches (one loss in one dtype){more} to "
            f"divide; write K/N with N up to {len(costs)}"
        )
    part = divided(costs, of)[number - 1]
    chosen = [tuple((loss, dtype) for loss, dtype, all_pairs in part if all_pairs is wanted)
              for wanted in (False, True)]  # fmt: skip
    return Shard(number, of, *chosen)


def divided(costs: Mapping[Unit, int], of: int) -> list[tuple[Unit, ...]]:
    """Every unit in one part, the dearest first and each to the part with least to do so far.

    Within a part they keep their order. No part is empty while there are as many units.
    """
    order = {unit: place for place, unit in enumerate(costs)}
    loads, parts = [0] * of, [list[Unit]() for _ in range(of)]
    for unit in sorted(costs, key=lambda unit: (-costs[unit], order[unit])):
        lightest = min(range(of), key=lambda part: (loads[part], part))
        loads[lightest] += costs[unit]
        parts[lightest].append(unit)
    return [tuple(sorted(part, key=order.__getitem__)) for part in parts]


def cost(loss: Loss) -> int:
    """What a loss takes, roughly: calls grow with its parameters, arrays with a class axis."""
    classes = any("classes" in each.shape.split() for each in loss.inputs.values())
    return 5 + len(loss.parameters) + len(loss.identities) + 3 * classes
