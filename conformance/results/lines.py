"""The lines of a results file, inflated a piece at a time; where it is damaged, where it stops."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

MAGIC = b"\x1f\x8b\x08"
LONGEST = 64 * 2**20
"""Bytes of one record; a longer one is an attack or an accident, not a cell."""
PIECE = 2**16
"""Bytes inflated at a time; deflate makes at most a thousandfold of them."""


class Cut(Exception):
    """The file ends inside a gzip member, as a killed run or a lost supply of power leaves it."""


class Damage(Exception):
    """The file is not what was written; `first` is the line with which the broken member begins."""

    first = 1


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of all members, without their ends.

    Raises Damage where a member is broken, Cut where the last one stops. The last line of a member
    is given when its checksum was seen to be right: until then it is part of what may be cut off.
    """
    try:
        yield from _lines(file, begun := [1])
    except Damage as damage:
        damage.first = begun[0]
        raise


def _lines(file: BinaryIO, begun: list[int]) -> Iterator[bytes]:
    """The lines; `begun` holds the number of the one that the member under way begins with."""
    held: list[bytes] = []
    pending, count = b"", 0
    for text, checked in _inflated(file):
        *whole, pending = (pending + text).split(b"\n")
        if len(pending) > LONGEST:
            raise Damage(f"a record of more than {LONGEST} bytes")
        held += whole
        count += len(whole)
        if checked:
            begun[0] = count + 1
        sure = len(held) if checked else max(len(held) - 1, 0)
        yield from held[:sure]
        del held[:sure]
    if pending:
        yield pending


def _inflated(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Pieces of text, and whether a member ended with them."""
    start = at = 0
    inflate = zlib.decompressobj(wbits=31)
    rest = b""
    while piece := rest or file.read(PIECE):
        try:
            text = inflate.decompress(piece)
        except zlib.error as error:
            if _torn(file, start):
                raise Cut from None
            raise Damage(str(error)) from None
        rest = inflate.unused_data
        at += len(piece) - len(rest)
        yield text, inflate.eof
        if inflate.eof:
            start, inflate = at, zlib.decompressobj(wbits=31)
    if start == at:
        return
    # A broken length can swallow all that follows: that is damage, not a run that was cut short.
    if _another(file, start + 1):
        raise Damage("another record starts inside this one")
    raise Cut


def _torn(file: BinaryIO, start: int) -> bool:
    """Whether from here there is the beginning of one member and then zeros.

    A file system that grew the file before it had the data leaves zeros when the power goes.
    """
    file.seek(start)
    tail = file.read(LONGEST + 1)
    kept = tail.rstrip(b"\0")
    if len(tail) > LONGEST or len(kept) == len(tail):
        return False
    inflate = zlib.decompressobj(wbits=31)
    try:
        for at in range(0, len(kept), PIECE):
            inflate.decompress(kept[at : at + PIECE])
    except zlib.error:
        return False
    return not inflate.eof


def _another(file: BinaryIO, start: int) -> bool:
    sign = MAGIC + b"\x00"
    file.seek(start)
    overlap = b""
    while piece := file.read(PIECE):
        if sign in overlap + piece:
            return True
        overlap = piece[1 - len(sign) :]
    return False
