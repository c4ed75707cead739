"""Cotangents: what the output's gradient is taken along; never only ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from conformance.cases.streams import Floats, Shape, Stream
from conformance.numerics.formats import FORMATS, Format, round_to

#: How many in a hundred cases draw their cotangent in each manner.
_MANNERS = (("bell", 55), ("wide", 15), ("zeros", 15), ("signs", 15))
_WIDE_EXPONENT = 12

#: Cotangents of a structure of their own: a loss times zero, one sample's loss alone, gradients that
#: are added and taken away, and one near the largest finite number. A dense one leaves nothing out.
ZERO, ONE_HOT, SIGNED, HUGE, DENSE = "zero", "one-hot", "signed", "huge", "dense"


@dataclass(frozen=True, eq=False)
class Cotangents:
    """The cotangents of a case, one for each shape that its output may have.

    `text` seeds them. Where the case is one sample cut out of another, `batch` and `element` say
    which, and the sample keeps the cotangent that it had there. A `pinned` cotangent serves its own
    shape. `ones` is for cases whose expected gradients are written for a cotangent of ones.
    `structure` replaces the drawn manner by one of those above.
    """

    text: str
    dtype: str
    batch: Shape | None = None
    element: int | None = None
    pinned: Floats | None = None
    ones: bool = False
    structure: str = ""

    def of_shape(self, shape: Shape, *, reduced: bool) -> Floats:
        """The cotangent for an output of that shape, exact in the dtype."""
        if self.batch and self.element is not None and not reduced and math.prod(shape) == 1:
            return self._cut(self.batch, self.element, shape)
        return self._drawn(shape)

    def _cut(self, batch: Shape, element: int, shape: Shape) -> Floats:
        """The sample's entry; an output with fewer axes than the batch has lost its last ones."""
        kept = max(len(batch) - (1 - min(len(shape), 1)), 0)
        place = np.unravel_index(element, batch)[:kept]
        return np.asarray(self._drawn(batch[:kept])[place]).reshape(shape)

    def _drawn(self, shape: Shape) -> Floats:
        if self.pinned is not None and self.pinned.shape == shape:
            return self.pinned
        if self.ones:
            return np.ones(shape)
        stream = Stream(self.text, "cotangent")
        if self.structure:
            structured = _structured(self.structure, stream, shape, FORMATS[self.dtype])
            return round_to(structured, FORMATS[self.dtype])
        lot = int(stream.integer(0, 99, ())[()])
        manner = _manner(lot)
        values = stream.bell(shape)
        if manner == "wide":
            values = stream.sign(shape) * stream.magnitude(-_WIDE_EXPONENT, _WIDE_EXPONENT, shape)
        elif manner == "zeros":
            values = np.where(stream.some(0.5, shape), np.copysign(0.0, values), values)
        elif manner == "signs":
            values = stream.sign(shape)
        return round_to(values, FORMATS[self.dtype])


def _structured(structure: str, stream: Stream, shape: Shape, form: Format) -> Floats:
    match structure:
        case "zero":
            return np.zeros(shape)
        case "one-hot":
            hot = np.zeros(shape)
            if hot.size:
                hot.reshape(-1)[int(stream.integer(0, hot.size - 1, ())[()])] = 1.0
            return hot
        case "signed":
            return stream.sign(shape)
        case "dense":
            return stream.sign(shape) * stream.between(0.5, 2.0, shape)
        case "huge":
            return stream.sign(shape) * form.largest * stream.between(0.5, 1.0, shape)
    raise ValueError(f"structure: {structure!r} is no structure of a cotangent")


def _manner(lot: int) -> str:
    for name, share in _MANNERS:
        if lot < share:
            return name
        lot -= share
    raise AssertionError("the shares of the manners do not add up to 100")
