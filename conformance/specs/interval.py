"""Intervals of the real line or of class indices, written as in a textbook: `[0, inf)`."""

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"([\[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])")


@dataclass(frozen=True)
class Interval:
    """A set of numbers between two ends; `high` is a dim name for class indices."""

    text: str
    low: float
    high: float | str
    low_closed: bool
    high_closed: bool

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Read `real` or an interval; raises ValueError."""
        if text == "real":
            return cls(text, float("-inf"), float("inf"), False, False)
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no interval; write real, [0, 1], [0, inf) or the like")
        opening, low, high, closing = match.groups()
        bottom, top = _number(low), high if high.isidentifier() and high != "inf" else _number(high)
        if not isinstance(top, str) and not bottom < top:
            raise ValueError(f"the interval {text!r} is empty; write the smaller end first")
        return cls(text, bottom, top, opening == "[", closing == "]")

    def contains(self, value: float, dims: dict[str, int] | None = None) -> bool:
        """Say whether a number lies inside; NaN never does, an infinity only at a closed end."""
        high = (dims or {})[self.high] if isinstance(self.high, str) else self.high
        above = value >= self.low if self.low_closed else value > self.low
        below = value <= high if self.high_closed else value < high
        return above and below


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no end of an interval; write a number or inf") from None
    if value != value:
        raise ValueError("nan is no end of an interval; write a number or inf")
    return value
