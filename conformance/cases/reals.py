"""Real numbers of each regime: unrounded, of either sign, over a shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from conformance.cases.streams import Floats, Shape, Stream
from conformance.numerics.formats import Format, round_to, ulp


@dataclass(frozen=True)
class Space:
    """Where values are drawn: the stream, the shape, the format that they will be rounded to."""

    stream: Stream
    shape: Shape
    form: Format


# Kinks, and the places at which softplus, log1p, exp, sigmoid and clipping change their branch or
# saturate in some dtype: ln 2, 16.6 = 24 ln 2, 17.33 = 25 ln 2, 36.7 = 53 ln 2; the logarithms of
# the largest (88.7, 709.8; 11.09 in float16), of the smallest normal (87.3, 708.4; 9.7) and of the
# smallest subnormal (103.3, 744.4; 16.6); 13.8, 15.9, 16.1, 27.6, 92.1 and 100, where losses clip.
THRESHOLDS = (
    *(0.0, 0.5, 1.0, 2.0, 3.0, math.log(2.0), math.e, 8.3, 9.7, 10.0, 11.09, 13.8155, 15.9424),
    *(16.1181, 16.6355, 17.3287, 18.0218, 20.0, 27.631, 36.7368, 37.43, 40.0, 63.0, 64.0, 80.0),
    *(87.3365, 88.7228, 89.4159, 92.1034, 100.0, 103.2789, 103.9721, 104.1, 128.0, 255.0, 256.0),
    *(257.0, 708.3964, 709.7827, 710.0, 744.4401, 745.1332, 746.0, 1e3, 2047.0, 2048.0, 2049.0),
)  # fmt: skip


def saturation(form: Format) -> float:
    """A little beyond the logit at which exp leaves the format: 21 in float16, 125 in float32."""
    return 1.2 * math.log(2.0) * (form.precision - form.emin)


def reals(regime: str, space: Space) -> Floats:
    """Values of a regime; those without a meaning of their own for reals are typical."""
    match regime:
        case "wide":
            return wide(space)
        case "tails":
            reach = saturation(space.form)
            return space.stream.between(-reach, reach, space.shape)
        case "thresholds":
            values = space.stream.one_of(THRESHOLDS, space.shape)
            return space.stream.sign(space.shape) * nudged(values, space, 2)
        case "cancelling":
            return _close_together(space)
        case "constant":
            return np.full(space.shape, _one(space) if space.stream.chance(0.6, ()) else 0.0)
        case "ties":
            return space.stream.one_of([0.0, *(_one(space) for _ in range(2))], space.shape)
        case "one-big":
            return _one_big(space)
        case "subnormal" | "zeros" | "largest":
            odd = _ODD[regime](space)
            return np.where(
                space.stream.some(0.7, space.shape), odd, space.stream.bell(space.shape)
            )
    return space.stream.bell(space.shape)


def nudged(values: Floats, space: Space, most: int) -> Floats:
    """Values moved by up to `most` ulp of the format, either way."""
    exact = round_to(values, space.form)
    return exact + space.stream.integer(-most, most, space.shape) * ulp(exact, space.form)


def magnitudes(space: Space) -> Floats:
    """Positive values: half over every exponent of the format, half over the middle ones."""
    form = space.form
    lowest = form.emin - form.precision + 1
    whole = space.stream.magnitude(lowest, form.emax, space.shape)
    middle = space.stream.magnitude(-form.precision - 4, min(12, form.emax), space.shape)
    return np.where(space.stream.chance(0.5, space.shape), whole, middle)


def wide(space: Space) -> Floats:
    return space.stream.sign(space.shape) * magnitudes(space)


def subnormals(space: Space) -> Floats:
    """Positive: multiples of the smallest subnormal up to a little above the smallest normal."""
    steps = 2 ** (space.form.precision - 1)
    few = space.stream.integer(1, 4, space.shape)
    near = steps + space.stream.integer(-2, 2, space.shape)
    many = space.stream.integer(1, steps, space.shape)
    kind = space.stream.integer(0, 2, space.shape)
    return np.choose(kind, [few, near, many]) * space.form.smallest_subnormal


def _signed_subnormals(space: Space) -> Floats:
    return space.stream.sign(space.shape) * subnormals(space)


def _signed_zeros(space: Space) -> Floats:
    return np.copysign(0.0, space.stream.sign(space.shape))


def _largest(space: Space) -> Floats:
    top = space.form.largest
    below = top - float(ulp(top, space.form))
    root = 2.0 ** ((space.form.emax + 1) // 2)
    table = [top, top, below, top / 2, top / 4, root, root / 2, 2 * root]
    return space.stream.sign(space.shape) * space.stream.one_of(table, space.shape)


_ODD = {"subnormal": _signed_subnormals, "zeros": _signed_zeros, "largest": _largest}


def _close_together(space: Space) -> Floats:
    """One common value, often large, and differences of a few ulp or of order one around it."""
    offset = _one(space) * 2.0 ** float(space.stream.integer(0, 8, ())[()])
    around = np.full(space.shape, offset) + space.stream.bell(space.shape) / 4.0
    return np.where(
        space.stream.chance(0.5, space.shape),
        nudged(np.full(space.shape, offset), space, 4),
        around,
    )


def _one_big(space: Space) -> Floats:
    """Ordinary values but the first, whose square is still far inside the format."""
    values = space.stream.bell(space.shape) / 4.0
    if values.size:
        values.reshape(-1)[0] = 2.0 ** (space.form.precision // 2 + 2) * (
            1.0 + abs(_one(space)) / 8
        )
    return values


def _one(space: Space) -> float:
    return float(space.stream.bell(())[()])
