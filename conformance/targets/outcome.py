"""What one call came to: value and gradients, or how it failed, and what happened besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.targets.worker.protocol import Packed, unpack

Death = Literal["crash", "timeout", "memory"]


@dataclass(frozen=True, eq=False)
class Array:
    """An array as the framework returned it: dtype, shape, and storage to the last bit.

    `stored` has the dtype's own storage; bfloat16 is stored as the uint16 of its bits.
    """

    dtype: str
    stored: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @cached_property
    def values(self) -> NDArray[Any]:
        """As float64, exactly but for integers beyond 2^53; what is no float is a wrong dtype anyway."""
        return unpack((self.dtype, self.stored)).astype(np.float64, copy=False)

    @property
    def bits(self) -> NDArray[Any]:
        """The storage as unsigned integers of the same width, for comparison bit by bit."""
        return np.ascontiguousarray(self.stored).view(f"u{self.stored.dtype.itemsize}")

    def hex(self) -> list[str]:
        """Each element's bits, flat."""
        digits = 2 * self.stored.dtype.itemsize
        return [f"0x{int(each):0{digits}x}" for each in self.bits.reshape(-1)]


@dataclass(frozen=True)
class Raised:
    """An exception: its class, all that it derives from (most derived first), and its message."""

    names: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.names[0]}: {self.message}"


@dataclass(frozen=True)
class Died:
    """The worker did not survive the call."""

    kind: Death
    detail: str


@dataclass(frozen=True, eq=False)
class Outcome:
    """The answer to one call; exactly one of `value`, `raised` and `death` is there.

    `gradients` holds the wanted inputs that the framework connects to the value; where the value is
    there and differentiation raised, `gradient_raised` says so. `mutated` names the arguments whose
    bits the call changed, `altered` says what else of the process it changed, `warnings` holds
    (category, text), `seconds` is measured in the worker. Along a direction, `tangent` is how the value
    moves (by autograd twice: what the cotangent gets), and `curvature` holds how the gradients do;
    what no path leads to is absent.
    """

    value: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    raised: Raised | None = None
    gradient_raised: Raised | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    mutated: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    seconds: float = 0.0
    death: Died | None = None
    tangent: Array | None = None
    curvature: Mapping[str, Array] = field(default_factory=dict)

    @property
    def dtype(self) -> str | None:
        return None if self.value is None else self.value.dtype

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None if self.value is None else self.value.shape

    @property
    def gradient_dtypes(self) -> dict[str, str]:
        return {name: gradient.dtype for name, gradient in self.gradients.items()}


def read_outcome(
    header: Mapping[str, Any], arrays: list[Packed], arguments: tuple[str, ...]
) -> Outcome:
    """The outcome in a worker's frame; `arguments` are the call's, in the order they were sent."""
    found = [Array(dtype, stored) for dtype, stored in arrays]
    value = found.pop(0) if header["value"] else None
    raised = _raised(header.get("raised"))
    tangent = found.pop() if header.get("tangent") else None
    places, moved = header["gradients"], header.get("curvature", ())
    return Outcome(
        value=None if raised else value,
        gradients={arguments[k]: found[n] for n, k in enumerate(places)},
        tangent=tangent,
        curvature={arguments[k]: found[len(places) + n] for n, k in enumerate(moved)},
        raised=raised,
        gradient_raised=_raised(header.get("gradient_raised")),
        warnings=tuple((category, text) for category, text in header["warnings"]),
        mutated=tuple(arguments[place] for place in header.get("mutated", ())),
        altered=tuple(header.get("altered", ())),
        seconds=header["seconds"],
    )


def _raised(given: Mapping[str, Any] | None) -> Raised | None:
    return None if given is None else Raised(tuple(given["names"]), given["message"])
