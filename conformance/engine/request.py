"""What a run is asked for, and how deep a profile looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from conformance.engine.shard import Batch, Shard
from conformance.numerics.formats import FORMATS
from conformance.results.corpus import Corpus, own_corpus
from conformance.targets.bindings import Binding
from conformance.targets.known import Deviation
from conformance.targets.target import Target

PROPERTIES = (
    "value", "gradient", "gradient-path", "cotangent", "weight-gradient", "forward",
    "second-order", "dtype", "shape", "mutation", "module", "alias", "example", "edge-case",
    "identity", "reduction", "layout", "determinism", "invariant", "contract", "error",
)  # fmt: skip
"""A cell for each of these is recorded for every loss, target and dtype."""

COMPARED = ("value", "gradient")
EXHAUSTIVE = ("exhaustive", "exhaustive-gradient")
"""Recorded beside them where every value of an input is tried."""

DTYPES = tuple(FORMATS)


@dataclass(frozen=True)
class Profile:
    """Cases a loss and dtype: `drawn` for value and gradient, `paired` for calls that must agree.

    `coarse` keeps to few shapes, `compiled` is how many different calls a target is asked for that
    compiles each of them; what a written case of the spec needs comes on top.
    """

    drawn: int
    paired: int
    largest: int
    compiled: int
    coarse: bool = False


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "quick": Profile(drawn=48, paired=8, largest=1_000, compiled=5, coarse=True),
        "default": Profile(drawn=300, paired=40, largest=10_000, compiled=60),
        "deep": Profile(drawn=3_000, paired=200, largest=100_000, compiled=600),
    }
)


@dataclass(frozen=True)
class Request:
    """What was asked for, before it is known what can run.

    `pairs` are the losses and dtypes of which the whole run tries all pairs of inputs, and
    `pairs_file` is where their finished blocks are kept. Targets in `beside` are shown for
    comparison. `narrow` fits the drawn cases to one binding.
    """

    losses: tuple[str, ...]
    targets: tuple[Target, ...]
    dtypes: tuple[str, ...] = DTYPES
    properties: tuple[str, ...] = PROPERTIES
    profile: str = "quick"
    seed: int = 0
    shard: Shard | None = None
    known: tuple[Deviation, ...] = ()
    """Known deviations of the project, beside those of the suite."""
    beside: tuple[Target, ...] = ()
    narrow: Binding | None = None
    pairs: tuple[Batch, ...] = ()
    pairs_file: Path | None = None
    corpus: Corpus = field(default_factory=own_corpus)
    """The worst inputs known, which are asked first."""
    hunts: bool = False
    """Whether more of them are searched for."""

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Loss and dtype of what is run, in order: all of it, or the shard's part."""
        if self.shard is not None:
            return self.shard.batches
        return tuple((loss, dtype) for loss in self.losses for dtype in self.dtypes)

    @property
    def own_pairs(self) -> tuple[Batch, ...]:
        """Those of all pairs that are tried here: all of them, or the shard's part."""
        return self.pairs if self.shard is None else self.shard.pairs

    @property
    def depth(self) -> Profile:
        return PROFILES[self.profile]

    @property
    def planned(self) -> int:
        """Cells that the run, or its shard, sets out to record."""
        each = len(self.targets) * len(self.properties)
        each += len(self.beside) * len(self.compared)
        return len(self.batches) * each + len(self.own_pairs) * len(self.targets)

    @property
    def compared(self) -> tuple[str, ...]:
        """The properties of targets that are shown for comparison."""
        return tuple(name for name in self.properties if name in COMPARED)
