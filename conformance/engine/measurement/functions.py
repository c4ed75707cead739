"""The functions that an arithmetic profile may name: where they live, and what they truly are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from flint import arb

from conformance.numerics.formats import Format

Interval = tuple[float, float]


@dataclass(frozen=True)
class Function:
    """A function of one or two numbers: by NumPy in float64, and by ball arithmetic.

    `domain` gives the arguments of a format at which it has a finite value, `dense` the intervals
    that are sampled evenly besides. `rounded` says that IEEE 754 asks for its correct rounding:
    a profile names it only where a device does not.
    """

    name: str
    double: Callable[..., Any]
    ball: Callable[..., Any]
    domain: Callable[[Format], Interval]
    dense: tuple[Interval, ...]
    rounded: bool = False
    second: Interval | None = None
    """Where the second argument lies; None for a function of one."""

    @property
    def arguments(self) -> int:
        return 1 if self.second is None else 2


def _to_overflow(low: float | None) -> Callable[[Format], Interval]:
    """Up to where the exponential leaves the format; down to where it has underflowed, or `low`."""

    def domain(form: Format) -> Interval:
        least = float(np.log(2.0) * (form.emin - form.precision - 1)) if low is None else low
        return least, float(np.log(form.largest))

    return domain


def _everything(form: Format) -> Interval:
    return -form.largest, form.largest


def _positive(form: Format) -> Interval:
    return form.smallest_subnormal, form.largest


def _above_minus_one(form: Format) -> Interval:
    return -1.0 + form.unit_roundoff, form.largest


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        each.name: each
        for each in (
            Function("exp", np.exp, arb.exp, _to_overflow(None), ((-20.0, 20.0), (-1.0, 1.0))),
            Function("expm1", np.expm1, arb.expm1, _to_overflow(-60.0), ((-4.0, 4.0), (-1.0, 1.0))),
            Function("log", np.log, arb.log, _positive, ((0.25, 4.0), (0.9, 1.1))),
            Function("log1p", np.log1p, arb.log1p, _above_minus_one, ((-1.0, 1.0), (-0.5, 4.0))),
            Function("tanh", np.tanh, arb.tanh, _everything, ((-10.0, 10.0), (-1.0, 1.0))),
            Function(
                "power", np.power, lambda a, b: a**b, _positive, ((0.0, 4.0), (0.9, 1.1)),
                second=(-8.0, 8.0),
            ),
            Function("sqrt", np.sqrt, arb.sqrt, _positive, ((0.25, 4.0),), rounded=True),
            Function(
                "reciprocal", np.reciprocal, lambda a: 1 / a, _everything, ((0.5, 2.0),),
                rounded=True,
            ),
            Function(
                "divide", np.divide, lambda a, b: a / b, _everything, ((0.5, 2.0),),
                rounded=True, second=(-8.0, 8.0),
            ),
        )
    }
)  # fmt: skip

#: Where each backend keeps them; names that differ are listed.
MODULE = MappingProxyType(
    {"torch": "torch", "tensorflow": "tensorflow.math", "jax": "jax.numpy", "numpy": "numpy"}
)
_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "torch": {"power": "torch.pow", "divide": "torch.div"},
        "tensorflow": {
            "power": "tensorflow.math.pow",
            "mean": "tensorflow.math.reduce_mean",
            "sum": "tensorflow.math.reduce_sum",
        },
        "jax": {},
        "numpy": {},
    }
)
AXIS = MappingProxyType({"torch": "dim"})
"""What a backend calls the axis of a reduction, where not `axis`."""


def path_of(backend: str, name: str) -> str:
    """The written path of a function in a backend."""
    return _NAMES[backend].get(name, f"{MODULE[backend]}.{name}")
