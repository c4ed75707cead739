"""A case: exact inputs in a dtype, parameters, a reduction and the cotangents of its output."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from conformance.cases.cotangent import Cotangents
from conformance.cases.streams import Floats, Integers, Shape

Array = Floats | Integers
Value = float | int | bool | None | Floats


@dataclass(frozen=True, eq=False)
class Case:
    """What one call is given, equal for every target.

    `id` is the text that rebuilds the case, without the property in front. Floating inputs and
    array parameters are float64 arrays of values exact in `dtype`; class indices are int64.
    `parameters` holds those that the case states: the others keep the spec's default, and a target
    without them can still run the case. `conventions` holds choices that the case itself fixes.
    Class axes are last.
    """

    id: str
    loss: str
    dtype: str
    inputs: Mapping[str, Array]
    parameters: Mapping[str, Value]
    reduction: str
    cotangents: Cotangents
    conventions: Mapping[str, str] = field(default_factory=dict)

    def cotangent_for(self, shape: Shape) -> Floats:
        """The cotangent for an output of that shape: the last-axis convention decides the shape."""
        return self.cotangents.of_shape(tuple(shape), reduced=self.reduction != "none")

    def digest(self) -> str:
        """sha256 over all that the call is given, the same on every machine; the id is left out."""
        return hashlib.sha256("\n".join(self._lines()).encode()).hexdigest()

    def _lines(self) -> Iterator[str]:
        yield f"{self.loss} {self.dtype} {self.reduction}"
        for name, array in sorted(self.inputs.items()):
            yield f"input {name} {array_line(array)}"
        for name, value in sorted(self.parameters.items()):
            yield f"parameter {name} {value_line(value)}"
        for name, choice in sorted(self.conventions.items()):
            yield f"convention {name} {choice}"
        if self.cotangents.pinned is not None:
            yield f"cotangent {array_line(self.cotangents.pinned)}"
        if self.cotangents.structure:
            yield f"cotangent {self.cotangents.structure}"


def array_line(array: Array) -> str:
    """Kind, shape and the sha256 of the little-endian bytes; every NaN counts as the same."""
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array)
    stored = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return f"{stored.dtype.str} {array.shape} {hashlib.sha256(stored.tobytes()).hexdigest()}"


def value_line(value: Value) -> str:
    return array_line(value) if isinstance(value, np.ndarray) else repr(value)


def frozen(values: NDArray[np.generic]) -> Array:
    """A float64 or int64 view (a copy where the type differs) that nobody can write to."""
    array = np.asarray(values)
    if array.dtype.kind in "iub":
        kept: Array = array.astype(np.int64, copy=False).view()
    else:
        kept = array.astype(np.float64, copy=False).view()
    kept.flags.writeable = False
    return kept
