"""Running counts of comparisons, excesses and shares of the bound, in constant memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from conformance.engine.judge import Judgement
from conformance.engine.tolerances import flagged
from conformance.numerics.classification import Class

STEPS = 1000
"""Bins between a share of 0 and of 1; one more holds what lies above."""

_DECIDED = (Class.IDEAL, Class.OWN, Class.EXCEEDS, Class.WRONG)


@dataclass
class Shares:
    """What came of the comparisons of one algorithm.

    `counts` bins the share of the bound over the elements that their bound decided. Of those that
    are less than an ulp off, and so right whatever the bound, only some have it computed: `beyond`
    are past it, a gap in the model of the algorithm. `premature` are overflows that the algorithm
    brings with it. `flagged`: what the frameworks' default tolerances would have called different.
    """

    comparisons: int = 0
    exceedances: int = 0
    known: int = 0
    premature: int = 0
    beyond: int = 0
    flagged: Counter[str] = field(default_factory=Counter)
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(STEPS + 1, dtype=np.int64))
    largest: float = 0.0

    def add(self, judged: Judgement, dtype: str, *, known: bool) -> None:
        """Count one array. Known deviations are counted apart and leave their shares out."""
        failed = judged.failed
        self.comparisons += judged.classes.size
        self.flagged.update(flagged(judged.actual, judged.expected, dtype))
        if known:
            self.known += failed.size
        else:
            self.exceedances += failed.size
        self.premature += int(np.sum(judged.classes == Class.PREMATURE))
        classes = judged.classes[judged.probed]
        self.beyond += int(np.sum((classes <= Class.FAITHFUL) & (judged.share > 1.0)))
        decided = _DECIDED[:2] if known else _DECIDED
        share = judged.share[np.isin(classes, decided) & np.isfinite(judged.share)]
        if share.size:
            place = np.minimum(share * STEPS, STEPS).astype(np.intp)
            self.counts += np.bincount(place, minlength=STEPS + 1)
            self.largest = max(self.largest, float(share.max()))

    def merge(self, other: Shares) -> None:
        self.comparisons += other.comparisons
        self.exceedances += other.exceedances
        self.known += other.known
        self.premature += other.premature
        self.beyond += other.beyond
        self.flagged.update(other.flagged)
        self.counts += other.counts
        self.largest = max(self.largest, other.largest)

    @property
    def bounded(self) -> int:
        """Elements that their bound decided."""
        return int(self.counts.sum())

    def quantile(self, part: float) -> float:
        """Upper edge of the bin that holds the quantile, never above the largest share."""
        if not self.bounded:
            return float("nan")
        place = int(np.searchsorted(np.cumsum(self.counts), part * self.bounded))
        return min((place + 1) / STEPS, self.largest) if place < STEPS else self.largest
