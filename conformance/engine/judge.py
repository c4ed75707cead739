"""Judge an array that an implementation returned, element by element, cheapest checks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.cases.sample import batch_of
from conformance.engine.standard import (
    Arguments,
    GradientRuns,
    Indices,
    Limits,
    Practice,
    Reference,
    gradient_runs,
    restricted,
    separable,
    true_gradients,
    true_value,
    value_limits,
)
from conformance.numerics.bounded import Bounded
from conformance.numerics.classification import BLOCK, Class, limit, preliminary, settle
from conformance.numerics.formats import FLOAT64, FORMATS, Floats, Format, ulp
from conformance.specs.models import Loss

LimitsAt = Callable[[Indices], Limits]
PROBES = 4
"""Elements of a case whose bound is computed although nothing is wrong with them: for the plots."""


@dataclass(frozen=True)
class Judgement:
    """Verdicts on the elements of one array, flattened.

    `ulps`: error in ulp of the expected value, NaN where the classes differ. `probed`: the elements
    whose bound was computed; `share`, `bound_ulp`, `excess` belong to those (`excess`: error over
    the ideal bound).
    """

    actual: Floats
    expected: Floats
    classes: NDArray[np.int8]
    ulps: Floats
    probed: Indices
    share: Floats
    bound_ulp: Floats
    excess: Floats

    @property
    def failed(self) -> Indices:
        return np.flatnonzero(self.classes >= Class.EXCEEDS)

    @property
    def worst(self) -> int | None:
        """The failed element furthest off, else the one that uses most of its bound."""
        if self.failed.size:
            ranks = np.nan_to_num(self.ulps[self.failed], nan=np.inf)
            return int(self.failed[np.argmax(ranks)])
        if not self.ulps.size:
            return None
        if self.probed.size:
            return int(self.probed[np.argmax(np.nan_to_num(self.share, nan=-1.0))])
        return int(np.argmax(self.ulps))


def judge(
    actual: Floats,
    expected: Floats,
    form: Format,
    limits_at: LimitsAt,
    *,
    every: bool = False,
    probing: bool = True,
) -> Judgement:
    """Compare two arrays of one shape; bounds are computed only where they decide something.

    With `every` that of each inexact element is computed too, without `probing` only what is open.
    """
    actual, expected = actual.reshape(-1), expected.reshape(-1)
    classes, ulps = preliminary(actual, expected, form)
    still_open = classes == Class.OPEN
    if every:
        probed = np.flatnonzero(still_open | (classes == Class.FAITHFUL))
    elif probing:
        probed = _probes(still_open, ulps)
    else:
        probed = np.flatnonzero(still_open)
    nothing = np.empty(0)
    if not probed.size:
        return Judgement(actual, expected, classes, ulps, probed, nothing, nothing, nothing)
    parts = [probed[start : start + BLOCK] for start in range(0, probed.size, BLOCK)]
    found = [_by_bound(actual[at], expected[at], ulps[at], form, limits_at(at)) for at in parts]
    settled, share, bound_ulp, excess = (np.concatenate(each) for each in zip(*found, strict=True))
    classes[probed] = np.where(still_open[probed], settled, classes[probed])
    return Judgement(actual, expected, classes, ulps, probed, share, bound_ulp, excess)


def _by_bound(
    actual: Floats, expected: Floats, ulps: Floats, form: Format, limits: Limits
) -> tuple[NDArray[np.int8], Floats, Floats, Floats]:
    """Class, share of the bound, bound in ulp, and error over the ideal bound."""
    settled, share, truth = _settled(actual, expected, form, limits)
    with np.errstate(all="ignore"):
        step = ulp(expected, form)
        bound_ulp = limit(limits.own, form, truth) / step
        ideal_ulp = limit(limits.ideal, form, truth) / step
        return settled, share, bound_ulp, ulps / ideal_ulp


def _settled(
    actual: Floats, expected: Floats, form: Format, limits: Limits
) -> tuple[NDArray[np.int8], Floats, Bounded | None]:
    """Below float64 the reference's own error is asked for only where something fails without it."""
    if form is not FLOAT64:
        classes, share = settle(actual, expected, form, limits.own, limits.ideal)
        if not np.any(classes >= Class.EXCEEDS):
            return classes, share, None
    truth = limits.truth()
    return *settle(actual, expected, form, limits.own, limits.ideal, truth), truth


def _probes(still_open: NDArray[np.bool_], ulps: Floats) -> Indices:
    """All that is open; beside it the worst element and a few evenly spread ones."""
    count, probed = still_open.size, still_open.copy()
    if count:
        worst = int(np.argmax(ulps))
        if not ulps[worst] < np.inf:  # a NaN or an infinity comes first
            worst = int(np.argmax(np.where(ulps < np.inf, ulps, 0.0)))
        if still_open.any() or ulps[worst] > 0.5:
            probed[worst] = True
            probed[np.linspace(0, count - 1, min(count, PROBES)).astype(np.intp)] = True
    return np.flatnonzero(probed)


def distinct(ordered: Indices) -> Indices:
    """The different numbers of a sorted array; np.unique would sort it again."""
    if not ordered.size:
        return ordered
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]


@dataclass(frozen=True)
class Held:
    """A case held against one target's practice: makes expected values and limits on demand.

    What the programs give over the whole case is kept, of gradients by cotangent: a large case is
    judged in parts, and the gradients by all inputs by the same runs.
    """

    case: Case
    loss: Loss
    reference: Reference
    practice: Practice
    given: Arguments
    runs: dict[bytes, GradientRuns] = field(default_factory=dict, compare=False)
    _limits: list[Limits] = field(default_factory=list, compare=False)

    @property
    def form(self) -> Format:
        return FORMATS[self.case.dtype]

    def value(self) -> Floats:
        return true_value(self.reference, self.given)

    def gradients(self, cotangent: Floats) -> dict[str, Floats]:
        return dict(true_gradients(self.reference, self.given, cotangent))

    def value_limits_at(self, elements: Indices) -> Limits:
        given, pick = self._focus(elements, 1)
        if given is not self.given:
            return value_limits(self.reference, self.practice, given)
        if not self._limits:
            self._limits.append(value_limits(self.reference, self.practice, given))
        return self._limits[0].at(pick)

    def gradient_limits_at(self, name: str, cotangent: Floats) -> LimitsAt:
        classes = "classes" in self.loss.inputs[name].shape.split()
        width = self.case.inputs[name].shape[-1] if classes else 1

        def at(elements: Indices) -> Limits:
            given, pick = self._focus(elements, width)
            if given is self.given:
                return self._whole(cotangent).limits(name).at(pick)
            part = cotangent.reshape(-1)[distinct(elements // width)]
            runs = gradient_runs(self.reference, self.practice, given, part)
            return runs.limits(name).at(pick)

        return at

    def _whole(self, cotangent: Floats) -> GradientRuns:
        key = cotangent.tobytes()
        if key not in self.runs:
            self.runs[key] = gradient_runs(self.reference, self.practice, self.given, cotangent)
        return self.runs[key]

    def _focus(self, elements: Indices, width: int) -> tuple[Arguments, Indices]:
        """Only the samples that the elements belong to, where samples can be taken apart."""
        batch = batch_of(self.case.inputs, self.loss)
        samples = elements if width <= 1 else distinct(elements // width)
        few = samples.size < 0.7 * np.prod(batch, dtype=float)
        if not (few and separable(self.case, self.practice.choices)):
            return self.given, elements
        given = restricted(self.case, self.loss, self.given, samples)
        if width <= 1:
            return given, np.arange(elements.size)
        return given, np.searchsorted(samples, elements // width) * width + elements % width
