"""A comparison of values that are known up to a bound: true, false, or decided by rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from conformance.numerics.estimate import Mask, either


class Uncertain(NDArrayOperatorsMixin):
    """The outcome of a comparison, and where rounding may have decided it the other way."""

    __array_priority__ = 1000

    def __init__(self, value: Mask, ambiguous: Mask | None) -> None:
        self.value = value
        self.ambiguous = ambiguous

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    def __array__(self, *_: Any, **__: Any) -> Any:
        """np.where over two plain arrays would take the object for one true value."""
        raise TypeError(
            "an uncertain comparison is no mask; one branch of np.where must be Bounded"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc.__name__ not in _LOGIC:
            return NotImplemented
        values = [each.value if isinstance(each, Uncertain) else each for each in inputs]
        doubts = [each.ambiguous for each in inputs if isinstance(each, Uncertain)]
        return Uncertain(np.asarray(ufunc(*values)), either(*doubts))


_LOGIC = {
    "bitwise_and", "bitwise_or", "bitwise_xor", "invert",
    "logical_and", "logical_or", "logical_not",
}  # fmt: skip
