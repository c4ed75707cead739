"""Adapter for plain NumPy callables, which need no framework.

The gradient comes from a companion: beside `loss` a `loss_gradient` that takes the same arguments
with the cotangent after the last input, and returns the gradients in a mapping or in order.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

import numpy as np
from locate import locate
from protocol import STORAGE, Packed


def prepare(start: Dict[str, Any]) -> None:
    if start["mode"]:
        raise ValueError(f"NumPy has no mode {start['mode']}")


def facts() -> Dict[str, Any]:
    return {"framework": np.__version__, "device": "cpu", "threads": 1}


def transform(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def construct(kind: Any, dtype: str, given: List[Any], named: Dict[str, Any]) -> Any:
    return kind(*given, **named)


def to_tensor(dtype: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if dtype != "bfloat16":
        return array
    from ml_dtypes import bfloat16  # only who tests bfloat16 needs it

    return array.view(bfloat16)


def to_view(dtype: str, memory: np.ndarray[Any, Any], view: np.ndarray[Any, Any]) -> Any:
    return to_tensor(dtype, view)


def from_tensor(tensor: Any) -> Packed:
    """A NumPy array or number."""
    if not isinstance(tensor, (np.ndarray, np.generic, float, int)):
        raise TypeError(f"the callable returned {type(tensor).__name__}; a NumPy array is expected")
    array = np.asarray(tensor)
    if array.dtype.name not in STORAGE:
        raise TypeError(f"the callable returned dtype {array.dtype}; expected one of {[*STORAGE]}")
    return array.dtype.name, array.view(np.uint16) if array.dtype.name == "bfloat16" else array


class Run:
    """A value, and the companion's gradients on demand."""

    def __init__(self, invocation: Any, tensors: List[Any], wanted: List[int], value: Any) -> None:
        self.value = value
        self._invocation = invocation
        self._tensors = tensors
        self._wanted = wanted

    def gradients(self, cotangent: Packed) -> List[Any]:
        invocation = self._invocation
        companion = locate(f"{invocation.path}_gradient")
        positional, keywords = invocation.arrange("call", self._tensors)
        found = companion(*positional, to_tensor(*cotangent), **keywords, **invocation.constants)
        if isinstance(found, dict):
            found = list(found.values())
        every = list(found)
        if len(every) <= len(self._wanted):
            return every
        return [every[place] for place in self._wanted if place < len(every)]


def run(
    function: Callable[..., Any],
    invocation: Any,
    tensors: List[Any],
    wanted: List[int],
    cotangent: Optional[Packed],
) -> Run:
    return Run(invocation, tensors, wanted, function(*tensors))
