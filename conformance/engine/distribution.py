"""Running statistics of errors in ulp, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from conformance.numerics.formats import Floats
from conformance.results.cell import Point, Quantile

QUANTILES = (0.5, 0.9, 0.99, 0.999, 1.0)
MOST_POINTS = 400
_SHIFT = 50  # of the 64 bits of a float64: the exponent and two bits below it
_BINS = (0x7FF0000000000000 >> _SHIFT) + 1


@dataclass
class Distribution:
    """Counts of |error| in bins a quarter of a binade wide; NaN errors are left out."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, dtype=np.int64))
    largest: float = 0.0

    def add(self, ulps: Floats) -> None:
        usable = ulps[~np.isnan(ulps)]
        if not usable.size:
            return
        self.counts += np.bincount(usable.view(np.int64) >> _SHIFT, minlength=_BINS)
        self.largest = max(self.largest, float(usable.max()))

    def quantiles(self) -> tuple[Quantile, ...]:
        """Upper edges of the bins that hold the quantiles; the last one is the largest error."""
        total = int(self.counts.sum())
        if not total:
            return ()
        reached = np.cumsum(self.counts)
        found = []
        for share in QUANTILES[:-1]:
            place = int(np.searchsorted(reached, share * total))
            edge = float(np.int64((place + 1) << _SHIFT).view(np.float64)) if place else 0.0
            found.append(Quantile(share, min(edge, self.largest)))
        return (*found, Quantile(1.0, self.largest))


@dataclass
class Bias:
    """Mean signed error of values that are well conditioned: off by no more than `NEAR` ulp."""

    NEAR = 4.0
    ENOUGH = 1000
    LIMIT = 0.5
    total: float = 0.0
    count: int = 0

    def add(self, actual: Floats, expected: Floats, ulps: Floats) -> None:
        near = (ulps > 0) & (ulps <= self.NEAR)
        sign = np.sign(actual[near] - expected[near])
        self.total += float(np.sum(sign * ulps[near]))
        self.count += int(np.sum(ulps <= self.NEAR))

    @property
    def ulp(self) -> float | None:
        """In ulp; None while there are too few values to say."""
        return self.total / self.count if self.count >= self.ENOUGH else None


@dataclass
class Cloud:
    """Points for the error-against-input plot: every excess, and the highest dot of each stretch.

    Columns of `points` are x, error and bound, one row a point.
    """

    points: Floats = field(default_factory=lambda: np.empty((0, 3)))

    def add(self, x: Floats, error: Floats, bound: Floats) -> None:
        rows = np.stack([x, error, bound], axis=1)
        self.points = np.concatenate([self.points, rows[np.isfinite(rows).all(axis=1)]])
        if len(self.points) > 20 * MOST_POINTS:
            self.points = _thin(self.points)

    def thinned(self) -> tuple[Point, ...]:
        """At most 400 points, in order of x; errors and bounds to four digits."""
        rows = _thin(self.points).tolist()
        return tuple(Point(x, float(f"{e:.4g}"), float(f"{b:.4g}")) for x, e, b in rows)


def _thin(points: Floats) -> Floats:
    """At most 400 of the points, sorted: the first ones above their bound, and tops of stretches."""
    ordered = points[np.lexsort(points.T[::-1])]
    if len(ordered) <= MOST_POINTS:
        return ordered
    above = np.flatnonzero(ordered[:, 1] > ordered[:, 2])[:MOST_POINTS]
    kept = [*above.tolist()]
    if len(kept) < MOST_POINTS:
        stretches = np.array_split(np.arange(len(ordered)), MOST_POINTS - len(kept))
        kept += [int(part[np.argmax(ordered[part, 1])]) for part in stretches]
    return ordered[np.unique(kept)]
