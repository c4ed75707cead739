"""An exception as the driver is told of it."""

from __future__ import annotations

from typing import Any, Dict

_LONGEST_MESSAGE = 2000


def describe(fault: BaseException) -> Dict[str, Any]:
    """Names of the exception's class and of all it derives from, and its message."""
    names = [each.__name__ for each in type(fault).__mro__ if each is not object]
    try:
        message = str(fault)
    except Exception as worse:
        message = f"(its message cannot be read: {worse!r})"
    return {"names": names, "message": message[:_LONGEST_MESSAGE]}
