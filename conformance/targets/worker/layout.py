"""The same numbers elsewhere in memory: with strides, with an offset, or where nobody may write."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import numpy as np

Array = np.ndarray[Any, Any]
#: Memory in one piece, and the view of it that holds the numbers.
Laid = Tuple[Array, Array]

_GARBAGE = 0x7F  # bytes of a huge float and of an index far out of range: read, they show


def lay_out(array: Array, word: str) -> Laid:
    """The array in a layout, in memory of its own; as it was where it has too few axes for it."""
    plain = array.copy()
    if array.ndim < _AXES[word] or array.size == 0:
        return plain, plain
    return _LAYOUTS[word](plain)


def _transposed(array: Array) -> Laid:
    memory = np.ascontiguousarray(array.swapaxes(0, -1))
    return memory, memory.swapaxes(0, -1)


def _strided(array: Array) -> Laid:
    memory = _garbage((*array.shape[:-1], 2 * array.shape[-1]), array)
    view = memory[..., ::2]
    view[...] = array
    return memory, view


def _broadcast(array: Array) -> Laid:
    first = array[:1].copy()
    rows = array.view(f"u{array.dtype.itemsize}")
    if not np.array_equal(rows, np.broadcast_to(rows[:1], rows.shape)):
        return array, array
    return first, np.broadcast_to(first, array.shape)


def _sliced(array: Array) -> Laid:
    memory = _garbage(tuple(size + 2 for size in array.shape), array)
    view = memory[(slice(1, -1),) * array.ndim]
    view[...] = array
    return memory, view


def _channels_last(array: Array) -> Laid:
    memory = np.ascontiguousarray(np.moveaxis(array, 1, -1))
    return memory, np.moveaxis(memory, -1, 1)


def _reversed(array: Array) -> Laid:
    memory = array[::-1].copy()
    return memory, memory[::-1]


def _read_only(array: Array) -> Laid:
    array.flags.writeable = False
    return array, array


def _garbage(shape: Tuple[int, ...], like: Array) -> Array:
    memory = np.empty(shape, like.dtype)
    memory.view(np.uint8)[...] = _GARBAGE
    return memory


_LAYOUTS: Dict[str, Callable[[Array], Laid]] = {
    "transposed": _transposed,
    "strided": _strided,
    "broadcast": _broadcast,
    "sliced": _sliced,
    "channels-last": _channels_last,
    "reversed": _reversed,
    "read-only": _read_only,
}
_AXES = {
    "transposed": 2,
    "strided": 1,
    "broadcast": 1,
    "sliced": 1,
    "channels-last": 3,
    "reversed": 1,
    "read-only": 0,
}
