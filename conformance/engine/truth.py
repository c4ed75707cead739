"""The true value of a loss that has only a formula: float64 where it is accurate, else the oracle.

A formula is written for its reader, and may cancel or overflow in float64. Its own error bound tells
where, sample by sample; those samples are evaluated in ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance import oracle
from conformance.engine import derived
from conformance.engine.enclosed import Numbers, enclosed
from conformance.engine.formula import Call, Terms, has_classes, in_doubt, reduced, terms
from conformance.numerics.arithmetic import IDEAL64
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.estimate import Estimate, Mask
from conformance.numerics.formats import FLOAT64, Format, ulp
from conformance.numerics.language import values_of
from conformance.numerics.program import run_bounded
from conformance.numerics.traced import Slope
from conformance.specs.models import Loss

FINE = 1.0 / 32.0
"""Of an ulp of the target's dtype: how far float64 may be off before the oracle is asked."""
NEAR = 8.0
"""The same in ulp of float64, which no formula of several steps comes below."""


@dataclass(frozen=True)
class Truth:
    """Value and gradient programs of a loss, for judging a target in the format `form`.

    On plain arrays and in float64 they give the truth, with what is left of its error as bound; in
    any other arithmetic the formula as it is written.
    """

    loss: Loss
    form: Format

    def value(self, *inputs: Any, **keywords: Any) -> Any:
        call = Call.of(self.loss, inputs, keywords)
        arithmetic = call.arrays.arithmetic
        if arithmetic is None:
            return run_bounded(self.value, IDEAL64, inputs, keywords).value
        found = terms(call)
        if arithmetic is IDEAL64:
            [losses] = self._mended(call, {oracle.VALUE: found.losses}).values()
            found = Terms(losses, found.shares)
        return in_doubt(reduced(call, found))

    def gradient(self, *inputs: Any, **keywords: Any) -> dict[str, Any]:
        *given, cotangent = inputs
        call = Call.of(self.loss, tuple(given), keywords)
        arithmetic = call.arrays.arithmetic
        if arithmetic is None:
            found = run_bounded(self.gradient, IDEAL64, inputs, keywords)
            return {name: each.value for name, each in found.items()}
        made = derived.derivatives(call)
        slopes = derived.slopes_of(call, made, np.ones(call.batch))
        if arithmetic is IDEAL64:
            exact = self._mended(call, {name: slope.value for name, slope in slopes.items()})
            slopes = {name: Slope(exact[name], slopes[name].reached) for name in slopes}
        found = derived.backward(call, cotangent, made, "shared", known=slopes)
        return _unspoken(call, found) if arithmetic is IDEAL64 else found

    def _mended(self, call: Call, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays, with the oracle's numbers at the samples where they are not accurate."""
        flat = {name: _flat(each, call) for name, each in arrays.items()}
        doubtful = np.flatnonzero(
            np.logical_or.reduce([self._doubtful(each) for each in flat.values()])
        )
        if doubtful.size:
            answers = enclosed(call, doubtful)
            flat = {name: _replaced(each, doubtful, answers[name]) for name, each in flat.items()}
        return {name: flat[name].reshape(np.shape(arrays[name])) for name in arrays}

    def _doubtful(self, slopes: Bounded) -> Mask:
        """Samples at which an entry is not finite, or off by too much."""
        value, bound = slopes.value, slopes.bound
        within = np.where(np.isfinite(value), value, 0.0)
        limit = np.maximum(FINE * ulp(within, self.form), NEAR * ulp(within, FLOAT64))
        doubt = ~np.isfinite(value) | ~(bound <= limit) | slopes.overflow
        return np.asarray(doubt.any(axis=1))


def _unspoken(call: Call, gradients: Mapping[str, Any]) -> dict[str, Any]:
    """Gradients, marked as lost in samples that hold an infinity or NaN.

    The slope that a formula has there hangs on how it is written, and its writer meant none.
    """
    odd = np.zeros(call.batch, dtype=bool)
    for name, array in call.inputs.items():
        strange = ~np.isfinite(values_of(array))
        odd = odd | (strange.any(axis=-1) if has_classes(call.loss, name) else strange)
    if not odd.any():
        return dict(gradients)
    marked = {}
    for name, gradient in gradients.items():
        whole = gradient if isinstance(gradient, Bounded) else bounded(gradient, IDEAL64)
        where = np.expand_dims(odd, -1) if has_classes(call.loss, name) else odd
        state = whole.state._replace(overflow=np.broadcast_to(where, whole.shape) | whole.overflow)
        marked[name] = Bounded(state, IDEAL64)
    return marked


def _flat(array: Any, call: Call) -> Bounded:
    """A row a sample, as an error-carrying array; one that no input reaches is exact."""
    if not isinstance(array, Bounded):
        exact = np.asarray(array, dtype=np.float64)
        array = Bounded(Estimate(exact, np.zeros(exact.shape), None), IDEAL64)
    samples = int(np.prod(call.batch, dtype=int))
    width = array.size // samples if samples else 1
    return array.reshape(samples, width)


def _replaced(given: Bounded, rows: np.ndarray, found: Numbers) -> Bounded:
    value, bound = np.array(given.value), np.array(given.bound)
    overflow = np.array(given.overflow)
    value[rows], bound[rows], overflow[rows] = found.value, found.bound, found.past
    return Bounded(Estimate(value, bound, overflow if overflow.any() else None), IDEAL64)
