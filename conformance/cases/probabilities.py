"""Probabilities and their logarithms, one by one or in rows: unrounded values of each regime."""

from __future__ import annotations

import numpy as np

from conformance.cases import portable
from conformance.cases.reals import Space, magnitudes, nudged, reals, saturation, subnormals
from conformance.cases.streams import Floats, Mask

# Floors and clips of known implementations (1e-7, 1e-8, 1e-12, 1e-15, exp(-100)), the smallest
# normals and subnormals of float32 and float16, plain fractions; and the complements of all.
_THRESHOLDS = (
    *(0.5, 0.25, 0.1, 1e-3, 1e-6, 1e-7, 1.1920929e-07, 5.9604645e-08, 1e-8, 1e-10, 1e-12, 1e-15),
    *(6.103515625e-05, 1.1754943508222875e-38, 1.401298464324817e-45, 3.720075976020836e-44),
)


def probabilities(regime: str, space: Space) -> Floats:
    """Values in [0, 1] (a nudge may leave it by an ulp; the caller clips)."""
    stream, shape, form = space.stream, space.shape, space.form
    match regime:
        case "wide":
            return _mirrored(np.minimum(magnitudes(space), 1.0), stream.chance(0.4, shape))
        case "tails":
            few = stream.integer(1, 8, shape) * form.unit_roundoff
            small = stream.magnitude(max(form.emin, -round(saturation(form) * 1.44)), -5, shape)
            return np.where(stream.chance(0.5, shape), 1.0 - few, small)
        case "thresholds":
            values = _mirrored(stream.one_of(_THRESHOLDS, shape), stream.chance(0.4, shape))
            return nudged(values, space, 2)
        case "constant":
            common = stream.uniform(()) if stream.chance(0.6, ()) else 0.5
            return np.full(shape, float(common))
        case "ties":
            return stream.one_of([0.5, *stream.uniform((2,)).tolist()], shape)
        case "hard":
            return stream.one_of([0.0, 1.0], shape)
        case "one-big":
            return _one_small(space)
        case "subnormal" | "zeros" | "largest" | "boundary":
            return np.where(stream.some(0.7, shape), _odd(regime, space), stream.uniform(shape))
    return stream.uniform(shape)


def _odd(regime: str, space: Space) -> Floats:
    stream, shape, unit = space.stream, space.shape, space.form.unit_roundoff
    match regime:
        case "subnormal":
            return subnormals(space)
        case "zeros":
            return np.copysign(0.0, stream.sign(shape))
        case "largest":
            return stream.one_of([1.0, 1.0 - unit], shape)
    near = [space.form.smallest_subnormal, space.form.smallest_normal, unit, 1.0 - unit]
    return stream.one_of([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, *near], shape)


def _one_small(space: Space) -> Floats:
    """The first loss is large because its probability is small; the others are near one."""
    values = 1.0 - space.stream.uniform(space.shape) / 16.0
    if values.size:
        values.reshape(-1)[0] = 2.0 ** (space.form.emin + 1)
    return values


def _mirrored(values: Floats, mask: Mask) -> Floats:
    return np.where(mask, 1.0 - values, values)


def distributions(regime: str, space: Space) -> Floats:
    """Rows of probabilities over the last axis, summing to one before they are rounded.

    `unnormalised` rows are plain probabilities; in `hard` and `largest` all of a row is one class.
    """
    if not space.shape or space.shape[-1] == 0 or regime == "unnormalised":
        return space.stream.uniform(space.shape)
    match regime:
        case "hard" | "largest":
            return _one_hot(space)
        case "wide":
            return _normalised(magnitudes(space) * 0.5**10)
        case "constant":
            return np.full(space.shape, 1.0 / space.shape[-1])
        case "ties":
            return _normalised(space.stream.one_of([1.0, 1.0, 2.0], space.shape))
        case "zeros":
            return _normalised(
                space.stream.uniform(space.shape) * space.stream.chance(0.5, space.shape)
            )
        case "tails" | "thresholds" | "subnormal" | "boundary":
            return _dominated(regime, space)
    return _normalised(space.stream.uniform(space.shape))


def _normalised(values: Floats) -> Floats:
    """Rows divided by their sums; a row of zeros gets all of it on its first entry."""
    with np.errstate(all="ignore"):
        values = np.minimum(values, 2.0**900)
        empty = portable.total(values) == 0.0
        first = np.arange(values.shape[-1]) == 0
        values = np.where(empty & first, 1.0, values)
        return values / portable.total(values)


def _one_hot(space: Space) -> Floats:
    """One class of each row, drawn evenly, has all the probability."""
    classes = space.shape[-1]
    chosen = space.stream.integer(0, classes - 1, (*space.shape[:-1], 1))
    return np.where(np.arange(classes) == chosen, 1.0, 0.0)


def _dominated(regime: str, space: Space) -> Floats:
    """One class takes what the small values of the others leave."""
    small = probabilities("zeros" if regime == "boundary" else regime, space)
    small = np.where(small < 0.5 / space.shape[-1], np.abs(small), 0.0)
    chosen = _one_hot(space)
    rest = 1.0 - portable.total(small * (1.0 - chosen))
    return np.where(chosen == 1.0, rest, small)


def log_probabilities(regime: str, space: Space) -> Floats:
    """Values at or below zero, normalised over the last axis where the regime leaves room for it.

    `unnormalised` gives any reals, for losses that do not care.
    """
    if space.shape and space.shape[-1] == 0:
        return np.zeros(space.shape)
    match regime:
        case "unnormalised":
            return space.stream.bell(space.shape)
        case "wide" | "thresholds" | "subnormal" | "largest" | "ties" | "one-big":
            return -np.abs(reals(regime, space))
        case "tails" if space.stream.chance(0.5, ()):
            return -saturation(space.form) * space.stream.uniform(space.shape)
        case "zeros" | "boundary":
            zero = np.copysign(0.0, space.stream.sign(space.shape))
            return np.where(
                space.stream.some(0.5, space.shape), zero, _log_softmax("typical", space)
            )
        case "constant":
            return np.full(space.shape, float(portable.log(1.0 / max(space.shape[-1:], default=1))))
    return _log_softmax(regime, space)


def _log_softmax(regime: str, space: Space) -> Floats:
    values = reals(regime, space)
    return portable.log_softmax(values)[0] if space.shape else -np.abs(values)
