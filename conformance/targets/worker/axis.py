"""The class axis: last on the wire, where the framework wants it in a call."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np


def forth(array: np.ndarray[Any, Any], axis: Optional[int]) -> np.ndarray[Any, Any]:
    """Move the classes from the last axis to the framework's (at most the last there is)."""
    if axis is None:
        return array
    return np.ascontiguousarray(np.moveaxis(array, -1, min(axis, array.ndim - 1)))


def back(array: np.ndarray[Any, Any], axis: Optional[int]) -> np.ndarray[Any, Any]:
    if axis is None or array.ndim == 0:
        return array
    return np.moveaxis(array, min(axis, array.ndim - 1), -1)
