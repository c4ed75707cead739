"""SVG path data, short: whole units, relative moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Pixel = tuple[float, float]

UNIT = 2
"""Units of a drawing to a pixel: whole numbers keep paths short, halves of a pixel keep them fine.

Every length in `plots` is in these units, so that 24 is text of 12 pixels.
"""


def dots(pixels: Iterable[Pixel]) -> str:
    """A dot a pixel, drawn as a zero-length stroke with round caps; equal dots are drawn once."""
    whole = sorted({(round(x), round(y)) for x, y in pixels})
    at, parts = (0, 0), []
    for x, y in whole:
        parts.append(f"m{x - at[0]}{_signed(y - at[1])}h0")
        at = (x, y)
    return "M0 0" + "".join(parts) if parts else ""


def crosses(pixels: Iterable[Pixel], size: int = 5) -> str:
    """An upright cross a pixel: another shape than a dot, not only another colour."""
    whole = sorted({(round(x), round(y)) for x, y in pixels})
    arm = 2 * size
    return "".join(f"M{x - size} {y - size}l{arm} {arm}m0 {-arm}l{-arm} {arm}" for x, y in whole)


def line(pixels: Sequence[Pixel]) -> str:
    whole = [(round(x), round(y)) for x, y in pixels]
    if not whole:
        return ""
    (x, y), parts, last = whole[0], [f"M{whole[0][0]} {whole[0][1]}"], ""
    for to in whole[1:]:
        if to != (x, y):
            letter, move = _move(to[0] - x, to[1] - y)
            # The letter holds on; a sign parts two numbers as a blank does.
            parts.append(
                (" " if move[0] != "-" else "") + move if letter == last else letter + move
            )
            (x, y), last = to, letter
    return "".join(parts)


def _move(across: int, down: int) -> tuple[str, str]:
    if not down:
        return "h", str(across)
    return ("l", f"{across}{_signed(down)}") if across else ("v", str(down))


def steps(pixels: Sequence[Pixel]) -> str:
    """A staircase: each height holds until the next position."""
    if not pixels:
        return ""
    whole = [(round(x), round(y)) for x, y in pixels]
    x, y = whole[0]
    parts = [f"M{x} {y}"]
    for to in whole[1:]:
        if to[0] != x:
            parts.append(f"h{to[0] - x}")
        if to[1] != y:
            parts.append(f"v{to[1] - y}")
        x, y = to
    return "".join(parts)


def _signed(number: int) -> str:
    return f" {number}" if number >= 0 else str(number)
