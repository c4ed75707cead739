"""Numbers, values and foreign text as a reader should see them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from conformance.results.cell import Finding

LONGEST = 2_000
"""Characters shown of one foreign text; the results file has all of it."""
ELEMENTS = 12
"""Elements shown of one array."""

# Controls, and the marks that make a terminal or browser show text in another order than it has.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
NAME = 60
"""Characters of a name in a heading or a plot."""
LINE = 240
"""Characters of a sentence in a list; the whole of it is in the entry."""
SHORT = 28
"""Characters of a value on one line with others."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def visible(text: str, limit: int = LONGEST) -> str:
    """Text from a foreign place, bounded, with invisible and reordering characters spelled out."""
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit:,} more characters in the results file)"
    return _spelled(text)


def short(text: str, limit: int) -> str:
    """Foreign text for one line among others."""
    return _spelled(text if len(text) <= limit else text[: limit - 1] + "…")


def _spelled(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def ulp(error: float | None) -> str:
    """An error in ulp, three significant digits."""
    if error is None:
        return "–"
    if not math.isfinite(error):
        return "∞"
    return _three_digits(error)


def at_least(error: float | None, coverage: str) -> str:
    """What was sampled can only be a lower limit, what was tried whole is an upper one; it says so."""
    text = ulp(error)
    if text in ("–", "∞"):
        return text
    return f"≤ {text}" if coverage.startswith("exhaustive") else f"≥ {text}"


def share(fraction: float | None) -> str:
    """A share of the bound: percent while it can be read as one, a factor beyond."""
    if fraction is None:
        return "–"
    if not math.isfinite(fraction):
        return "∞"
    if fraction >= 10:
        return f"{_three_digits(fraction)}×"
    percent = 100 * fraction
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.2g} %" if percent < 99.5 else f"{percent:.0f} %"


def percent(part: int, whole: int) -> str:
    """A part of a count; never `0.0` for something, never `100` for not everything."""
    if not part or not whole:
        return "0"
    value = 100 * part / whole
    if part == whole:
        return "100"
    if value < 0.05:
        return "<0.1"
    return "99.9" if value >= 99.95 else f"{value:.1f}"


def count(number: int) -> str:
    return f"{number:,}"


def duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def value(item: Any, limit: int = ELEMENTS) -> str:
    """A recorded value: shortest decimal that reads back, arrays bounded, special values named."""
    if item is None:
        return "–"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, float):
        return repr(item)
    if isinstance(item, Mapping):
        return ", ".join(f"{key}={value(part, limit)}" for key, part in item.items())
    if isinstance(item, tuple):
        more = f", … {len(item) - limit} more" if len(item) > limit else ""
        return f"[{', '.join(value(part, limit) for part in item[:limit])}{more}]"
    return str(item)


def plural(number: int, noun: str) -> str:
    """`1 case`, `1,204 cases`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def headline(finding: Finding) -> str:
    """How bad, in a few characters: a size where there is one, else what came back."""
    if finding.share is not None:
        return f"{share(finding.share)} of the bound"
    if finding.error_ulp is not None:
        return f"{ulp(finding.error_ulp)} ulp"
    return "" if finding.actual is None else f"got {short(value(finding.actual), SHORT)}"


def subline(finding: Finding) -> str:
    """What was allowed or expected, to stand before the number of cases."""
    if finding.share is not None and finding.error_ulp is not None:
        allowed = "" if finding.bound is None else f"{ulp(finding.bound)} allowed, "
        return f"{ulp(finding.error_ulp)} ulp, {allowed}"
    if finding.expected is None:
        return ""
    return f"expected {short(value(finding.expected), SHORT)}, "


def power_of_two(exponent: int) -> str:
    """A tick label: a plain number near 1, 2ⁿ further out."""
    if -4 <= exponent < 0:
        return f"1/{2**-exponent}"
    if 0 <= exponent <= 10:
        return str(2**exponent)
    return "2" + str(exponent).translate(_SUPERSCRIPT)


def power_of_ten(exponent: int) -> str:
    """A tick label: a plain number near 1, 10ⁿ further out."""
    if -2 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def number(item: float) -> str:
    """A number in a label: four significant digits."""
    return repr(item) if not math.isfinite(item) else f"{item:.4g}"


def signed(error: float) -> str:
    """A mean signed error in ulp, with its sign."""
    if not math.isfinite(error):
        return "∞"
    return f"{error:+.2g}".replace("-", "−") if abs(error) >= 0.0005 else "0"


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    size = abs(number)
    if 1000 <= size < 1e5:
        return f"{number:,.0f}"
    if 0.001 <= size < 1000:
        return f"{number:.3g}"
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
