"""Frames between driver and worker: a JSON header, then raw little-endian arrays.

A frame is a prefix (the header's size as uint32, the body's as uint64, both little-endian), the
header as UTF-8 JSON, and the body: the arrays one after another, each padded to 8 bytes.
`header["arrays"]` lists their [dtype, shape]. A bfloat16 array travels as the uint16 of its bits.
Nothing is pickled: the other side may be anybody's code.

Used on both sides, so Python 3.9 and NumPy only.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from itertools import islice
from json import dumps, loads  # by name: a callable may replace what stands in the modules
from os import readv, writev
from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

#: Storage of each dtype on the wire.
STORAGE: Dict[str, np.dtype[Any]] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
}
FLOATING = ("float64", "float32", "float16", "bfloat16")
#: A dtype's name and the array in that dtype's storage.
Packed = Tuple[str, "np.ndarray[Any, Any]"]
Frame = Tuple["dict[str, Any]", List[Packed]]
Buffer = Union[bytes, memoryview]

_PREFIX = struct.Struct("<IQ")
_ALIGNMENT = 8
_LARGEST_HEADER = 1 << 26  # bytes; no frame of ours comes near, garbage does
_LARGEST_BODY = 1 << 33
_MANY = 64  # buffers a writev; the system allows at least 16, Linux and macOS 1024


class ProtocolError(Exception):
    """The other side sent something that is no frame."""


def pack(values: np.ndarray[Any, Any], dtype: str) -> Packed:
    """Store values in `dtype`; raises ValueError where one of them would be rounded."""
    storage = STORAGE["float32" if dtype == "bfloat16" else dtype]
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is found below
        stored = values.astype(storage, copy=False)
    exact = True if stored is values else _same_numbers(stored, values)
    if dtype == "bfloat16":
        bits = stored.view("<u4")
        stored = (bits >> 16).astype(STORAGE[dtype])
        exact = exact and _same_numbers((bits & 0xFFFF0000).view("<f4"), values)
    if not exact:
        raise ValueError(f"the values do not fit {dtype} exactly; round them before they are sent")
    return dtype, stored


def _same_numbers(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    equal = np.equal(one, other)
    return bool(equal.all()) or bool((equal | (np.not_equal(other, other))).all())


def unpack(packed: Packed) -> np.ndarray[Any, Any]:
    """Every floating dtype as float64, which holds them all exactly; others as they are."""
    dtype, stored = packed
    if dtype not in FLOATING:
        return stored
    if dtype == "bfloat16":
        stored = (stored.astype("<u4") << 16).view("<f4")
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return stored.astype(np.float64)


def encode(header: dict[str, Any], arrays: Sequence[Packed]) -> list[Buffer]:
    """The buffers of one frame, arrays uncopied where they are contiguous."""
    header["arrays"] = [[dtype, list(stored.shape)] for dtype, stored in arrays]
    text = dumps(header, separators=(",", ":")).encode()
    parts: list[Buffer] = []
    for dtype, stored in arrays:
        contiguous = np.ascontiguousarray(stored, dtype=STORAGE[dtype])
        if contiguous.size:
            parts.append(contiguous.reshape(-1).view(np.uint8).data)
            parts.append(b"\0" * (-contiguous.nbytes % _ALIGNMENT))
    body = sum(len(part) for part in parts)
    return [_PREFIX.pack(len(text), body) + text, *(part for part in parts if len(part))]


def decode(text: bytes, body: bytearray) -> Frame:
    """Read a frame's header and arrays; the arrays are writable views of `body`."""
    try:
        header = loads(text)
        arrays: list[Packed] = []
        offset = 0
        for dtype, shape in header.pop("arrays"):
            count = math.prod(shape)
            stored = np.frombuffer(body, STORAGE[dtype], count, offset).reshape(shape)
            arrays.append((dtype, stored))
            offset += stored.nbytes + (-stored.nbytes % _ALIGNMENT)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise ProtocolError(f"unreadable frame: {fault!r}") from fault
    return header, arrays


class Inbox:
    """Collects frames from a file descriptor, which may be non-blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._text: Optional[bytearray] = None
        self._begin(_PREFIX.size)

    def _begin(self, size: int) -> None:
        self._buffer = bytearray(size)
        self._filled = 0

    def receive(self) -> Optional[Frame]:
        """The next frame, or None where more bytes are awaited; raises EOFError at the end."""
        while True:
            while self._filled < len(self._buffer):
                try:
                    rest = memoryview(self._buffer)[self._filled :]
                    count = readv(self._descriptor, [rest])
                except BlockingIOError:
                    return None
                if count == 0:
                    raise EOFError
                self._filled += count
            if (frame := self._advance()) is not None:
                return frame

    def _advance(self) -> Optional[Frame]:
        """One part is full: begin the next, or hand out the frame that it completes."""
        full = self._buffer
        if self._text is None:
            text, self._body = _PREFIX.unpack(full)
            if text > _LARGEST_HEADER or self._body > _LARGEST_BODY:
                raise ProtocolError(f"a frame of {text} and {self._body} bytes")
            self._text = bytearray()
            self._begin(text)
            return None
        if not self._text:
            self._text = full
            self._begin(self._body)
            if self._body:
                return None
            full = self._buffer
        frame = decode(bytes(self._text), full)
        self._text = None
        self._begin(_PREFIX.size)
        return frame


class Outbox:
    """Buffers on their way into a file descriptor, which may be non-blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parts: Deque[memoryview] = deque()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def clear(self) -> None:
        self._parts.clear()

    def add(self, buffers: Sequence[Buffer]) -> None:
        self._parts.extend(memoryview(buffer) for buffer in buffers)

    def send(self) -> None:
        """Write until all is gone or the descriptor would block."""
        while self._parts:
            try:
                count = writev(self._descriptor, list(islice(self._parts, _MANY)))
            except BlockingIOError:
                return
            while self._parts and count >= len(self._parts[0]):
                count -= len(self._parts.popleft())
            if count:
                self._parts[0] = self._parts[0][count:]
