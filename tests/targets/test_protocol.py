"""Frames: every array survives bit for bit, however its bytes arrive."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance.targets.worker.protocol import (
    STORAGE,
    Inbox,
    Outbox,
    Packed,
    ProtocolError,
    decode,
    encode,
    pack,
    unpack,
)


@st.composite
def packed(draw: st.DrawFn) -> Packed:
    dtype = draw(st.sampled_from(sorted(STORAGE)))
    storage = STORAGE[dtype]
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    if dtype == "bool":
        return dtype, draw(arrays.arrays(storage, shape))
    bits = draw(arrays.arrays(np.dtype(f"<u{storage.itemsize}"), shape))
    return dtype, bits.view(storage)


def transferred(header: dict[str, Any], given: list[Packed]) -> tuple[dict[str, Any], list[Packed]]:
    reading, writing = os.pipe()
    try:
        outbox, inbox = Outbox(writing), Inbox(reading)
        outbox.add(encode(header, given))
        outbox.send()
        frame = inbox.receive()
    finally:
        os.close(reading)
        os.close(writing)
    assert frame is not None
    return frame


@given(st.lists(packed(), max_size=4))
def test_arrays_of_every_dtype_survive_bit_for_bit(given: list[Packed]) -> None:
    header, found = transferred({"word": "é", "n": [1.5, None]}, given)
    assert header == {"word": "é", "n": [1.5, None]}
    assert [(dtype, array.shape) for dtype, array in found] == [(d, a.shape) for d, a in given]
    assert [array.tobytes() for _, array in found] == [array.tobytes() for _, array in given]


@given(st.sampled_from(["float64", "float32", "float16", "bfloat16"]), st.data())
def test_packing_keeps_every_number_that_the_dtype_holds(dtype: str, data: st.DataObject) -> None:
    storage = STORAGE[dtype]
    bits = data.draw(arrays.arrays(np.dtype(f"<u{storage.itemsize}"), (5,)))
    values = unpack((dtype, bits.view(storage)))
    name, stored = pack(values, dtype)
    numbers = ~np.isnan(values)
    assert name == dtype
    assert np.array_equal(stored.view(bits.dtype)[numbers], bits[numbers])
    assert np.array_equal(unpack((name, stored)), values, equal_nan=True)


def test_a_bfloat16_is_the_upper_half_of_a_float32() -> None:
    _, stored = pack(np.array([1.0, -2.5, 0.0, -0.0, np.inf]), "bfloat16")
    assert [f"{int(bits):04x}" for bits in stored] == ["3f80", "c020", "0000", "8000", "7f80"]
    assert np.isnan(unpack(pack(np.array([np.nan]), "bfloat16")))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(0.1, "float32"), (1e300, "float32"), (1.0009765, "bfloat16"), (70000.0, "float16")],
)
def test_a_number_that_would_be_rounded_is_refused(value: float, dtype: str) -> None:
    with pytest.raises(ValueError, match=f"the values do not fit {dtype} exactly"):
        pack(np.array([1.0, value]), dtype)


def test_a_frame_is_prefix_header_and_padded_bytes() -> None:
    frame = b"".join(bytes(part) for part in encode({}, [("uint8", np.array([7], np.uint8))]))
    header = b'{"arrays":[["uint8",[1]]]}'
    prefix = len(header).to_bytes(4, "little") + (8).to_bytes(8, "little")
    assert frame == prefix + header + b"\x07" + bytes(7)


def test_a_frame_may_arrive_byte_by_byte() -> None:
    frame = b"".join(bytes(part) for part in encode({"a": 1}, [("float64", np.arange(3.0))]))
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        inbox, found = Inbox(reading), None
        for byte in frame:
            assert found is None
            os.write(writing, bytes([byte]))
            found = inbox.receive()
        assert found is not None
        assert found[1][0][1].tolist() == [0.0, 1.0, 2.0]
    finally:
        os.close(reading)
        os.close(writing)


def test_the_end_of_the_pipe_is_an_error_of_its_own() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    try:
        with pytest.raises(EOFError):
            Inbox(reading).receive()
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    "text", [b"[]", b"{", b'{"arrays":[["float64",[2]]]}', b'{"arrays":[[1]]}']
)
def test_what_is_no_frame_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError, match="unreadable frame"):
        decode(text, bytearray(8))
