"""Numbers that a target returned, printed in nine digits with the shape that they have."""

from __future__ import annotations

from typing import Any


def shown(values: Any) -> str:
    """Up to eight numbers, nine digits each, with their shape where it is not seen."""
    if values.size == 0:
        return f"[] of shape {values.shape}"
    if values.size > 8:
        return f"{values.size} values of shape {values.shape}"
    return _nested(values.tolist())


def _nested(item: Any) -> str:
    if isinstance(item, list):
        return f"[{', '.join(_nested(each) for each in item)}]"
    return f"{item:.9g}"
