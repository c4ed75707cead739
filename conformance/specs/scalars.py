"""Plain YAML scalars by the core schema of YAML 1.2: `1e-6` is a number, `no` is a word."""

import re

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN = {".nan", ".NaN", ".NAN"}
_LONGEST = 60

Scalar = None | bool | int | float | str


def resolve(text: str) -> Scalar:
    """Give the value of an unquoted scalar; raises ValueError for a number too long or large."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NAN:
        return float("nan")
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", ""))
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST:
        raise ValueError(f"the number has {len(text)} characters; at most {_LONGEST} are read")
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    if abs(value) == float("inf"):
        raise ValueError(f"the number {text} is past the largest double; write .inf or a word")
    return value
