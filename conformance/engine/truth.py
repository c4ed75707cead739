"""The true value of a loss that has only a formula: float64 where it is accurate, else the oracle.

A formula is written for its reader, and may cancel or overflow in float64. Its own error bound tells
where, sample by sample; those samples are evaluated in ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance import oracle
from conformance.engine import derived
from conformance.engine.formula import LAST_AXIS, Call, Terms, has_classes, in_doubt, reduced, terms
from conformance.numerics.arithmetic import IDEAL64
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.estimate import Estimate, Mask
from conformance.numerics.formats import FLOAT64, Floats, Format, ulp
from conformance.numerics.language import values_of
from conformance.numerics.program import run_bounded
from conformance.numerics.traced import Slope
from conformance.oracle import Enclosures, PrecisionError, midpoints, radii
from conformance.oracle.extended import finite
from conformance.specs.models import Loss, Reduction

FINE = 1.0 / 32.0
"""Of an ulp of the target's dtype: how far float64 may be off before the oracle is asked."""
NEAR = 8.0
"""The same in ulp of float64, which no formula of several steps comes below."""

Ask = Callable[[Call], Mapping[str, Enclosures]]


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
            [losses] = self._mended(call, {"": found.losses}, oracle_value).values()
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
            exact = self._mended(
                call, {name: slope.value for name, slope in slopes.items()}, oracle_slopes
            )
            slopes = {name: Slope(exact[name], slopes[name].reached) for name in slopes}
        found = derived.backward(call, cotangent, made, "shared", known=slopes)
        return _unspoken(call, found) if arithmetic is IDEAL64 else found

    def _mended(self, call: Call, arrays: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
        """The arrays, with the oracle's numbers at the samples where they are not accurate."""
        flat = {name: _flat(each, call) for name, each in arrays.items()}
        doubtful = np.flatnonzero(
            np.logical_or.reduce([self._doubtful(each) for each in flat.values()])
        )
        if doubtful.size:
            answers = _asked(part_of(call, doubtful), ask)
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


@dataclass(frozen=True)
class Numbers:
    """The oracle's answer, a row a sample; `past` marks finite truths that no float64 reaches."""

    value: Floats
    bound: Floats
    past: Mask


def _asked(call: Call, ask: Ask) -> dict[str, Numbers]:
    """Ask for all samples at once; one by one where some cannot be decided."""
    try:
        return {name: _numbers(each, call) for name, each in ask(call).items()}
    except PrecisionError:
        if call.batch[0] > 1:
            parts = [_asked(part_of(call, np.array([k])), ask) for k in range(call.batch[0])]
            return {name: _joined([part[name] for part in parts]) for name in parts[0]}
        return {name: _unknown(width) for name, width in _widths(call, ask).items()}


def _numbers(enclosures: Enclosures, call: Call) -> Numbers:
    """The radius covers the rounding of the midpoint to float64 too."""
    rows = enclosures.reshape(call.batch[0], -1)
    middle = midpoints(rows)
    held = np.array([finite(each.ball) for each in rows.ravel()], dtype=bool).reshape(rows.shape)
    within = np.where(np.isfinite(middle), middle, 0.0)
    return Numbers(middle, radii(rows) + 0.5 * ulp(within, FLOAT64), held & np.isinf(middle))


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return Numbers(
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.bound for part in parts]),
        np.concatenate([part.past for part in parts]),
    )


def _unknown(width: int) -> Numbers:
    return Numbers(
        np.full((1, width), np.nan), np.full((1, width), np.inf), np.ones((1, width), bool)
    )


def _widths(call: Call, ask: Ask) -> dict[str, int]:
    if ask is oracle_value:
        return {"": 1}
    return {
        name: np.shape(call.inputs[name])[-1] if has_classes(call.loss, name) else 1
        for name, spec in call.loss.inputs.items()
        if spec.kind == "real"
    }


def oracle_value(call: Call) -> Mapping[str, Enclosures]:
    return {"": oracle.evaluate(*_question(call))}


def oracle_slopes(call: Call) -> Mapping[str, Enclosures]:
    return oracle.derivatives(*_question(call))


def _question(call: Call) -> tuple[Loss, Mapping[str, Any], Mapping[str, Any], str, dict[str, str]]:
    """Each sample alone: not reduced, and no axis folded."""
    loss = call.loss
    if "none" not in loss.reductions:
        loss = loss.model_copy(update={"reductions": {**loss.reductions, "none": Reduction()}})
    choices = dict(call.choices)
    if LAST_AXIS in choices:
        choices[LAST_AXIS] = "kept"
    return loss, call.inputs, call.parameters, "none", choices


def part_of(call: Call, samples: np.ndarray) -> Call:
    """Some samples of a call, as plain arrays along one batch axis."""
    inputs = {
        name: _rows(_plain(array), call.batch, has_classes(call.loss, name))[samples]
        for name, array in call.inputs.items()
    }
    parameters = {name: _plain(value) for name, value in call.parameters.items()}
    for name, parameter in call.loss.parameters.items():
        if parameter.shape == "*batch" and parameters[name] is not None:
            parameters[name] = _rows(np.asarray(parameters[name]), call.batch, False)[samples]
    return Call(call.loss, inputs, parameters, call.reduction, call.choices)


def _rows(array: Any, batch: tuple[int, ...], classes: bool) -> Any:
    tail = array.shape[-1:] if classes else ()
    return np.broadcast_to(array, batch + tail).reshape(-1, *tail)


def _plain(value: Any) -> Any:
    return values_of(value) if isinstance(value, Bounded) else value


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
