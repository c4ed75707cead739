"""Arrays laid over others to differentiate the programs that run on them, and the slopes they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


class Overlay(NDArrayOperatorsMixin):
    """A duck array over `value`, which is plain or carries error bounds; it goes before both."""

    __array_priority__ = 2000

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(np.shape(self.value))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    @property
    def arithmetic(self) -> Any:
        return getattr(self.value, "arithmetic", None)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("an operation without a derivative met an array that is differentiated")

    def constant(self, number: float) -> Any:
        held = getattr(self.value, "constant", None)
        return number if held is None else held(number)

    def still(self) -> Any:
        """The value alone, through which no slope goes."""
        return self.value


def under(x: Any) -> Any:
    """The array below an overlay, anything else as it is."""
    return x.value if isinstance(x, Overlay) else x


Through = Callable[..., Any]
"""What an operation makes of a flow: (flow, result, *operands) -> flow. One way or the other, an
elementwise operation multiplies it by its slope."""


def _larger(flow: Any, _: Any, a: Any, b: Any) -> Any:
    return np.where(np.greater_equal(a, b), flow, 0.0)


def _smaller(flow: Any, _: Any, a: Any, b: Any) -> Any:
    return np.where(np.greater_equal(a, b), 0.0, flow)


def _power_by_base(flow: Any, _: Any, a: Any, b: Any) -> Any:
    return flow * (b * np.power(a, b - 1))


SLOPES: Mapping[str, tuple[Through, ...]] = MappingProxyType(
    {
        "add": (lambda f, r, a, b: f, lambda f, r, a, b: f),
        "subtract": (lambda f, r, a, b: f, lambda f, r, a, b: -f),
        "multiply": (lambda f, r, a, b: f * b, lambda f, r, a, b: f * a),
        "divide": (lambda f, r, a, b: f / b, lambda f, r, a, b: -(f * r) / b),
        "maximum": (_larger, _smaller),
        "minimum": (_smaller, _larger),
        "power": (_power_by_base, lambda f, r, a, b: f * (r * np.log(a))),
        "negative": (lambda f, r, a: -f,),
        "absolute": (lambda f, r, a: np.where(np.greater_equal(a, 0.0), f, -f),),
        "square": (lambda f, r, a: f * (2.0 * a),),
        "sqrt": (lambda f, r, a: f / (2.0 * r),),
        "reciprocal": (lambda f, r, a: -f * (r * r),),
        "exp": (lambda f, r, a: f * r,),
        "expm1": (lambda f, r, a: f * (r + 1.0),),
        "log": (lambda f, r, a: f / a,),
        "log1p": (lambda f, r, a: f / (a + 1.0),),
        "tanh": (lambda f, r, a: f * (1.0 - r * r),),
    }
)
"""By operand. Not the slope at a kink: where the larger of two equals is taken, the first is."""

FLAT = {"sign", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal"} | {
    "isnan", "isinf", "isfinite", "signbit",
}  # fmt: skip
"""What has no slope anywhere it has one."""

MOVES = (
    np.take_along_axis, np.expand_dims, np.squeeze, np.reshape, np.moveaxis, np.swapaxes,
    np.transpose, np.broadcast_to,
)  # fmt: skip
SHAPES = (np.zeros_like, np.ones_like, np.full_like)
