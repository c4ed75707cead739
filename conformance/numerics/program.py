"""Run a loss program on error-carrying arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.bounded import Bounded, bounded


def run_bounded(
    program: Callable[..., Any],
    arithmetic: Arithmetic,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
    input_bounds: Mapping[int, Any] | None = None,
) -> Any:
    """What `program` returns, as `Bounded`, its outputs stored once at the end.

    Floating-point arrays among `arguments` and `keywords` are wrapped; integer arrays, numbers and
    text pass as they are. `input_bounds` gives the absolute error of single arguments by position.
    """
    errors = input_bounds or {}
    wrapped = [
        _wrap(each, arithmetic, errors.get(position, 0.0))
        for position, each in enumerate(arguments)
    ]
    named = {name: _wrap(each, arithmetic, 0.0) for name, each in keywords.items()}
    with np.errstate(all="ignore"):
        result = program(*wrapped, **named)
    if isinstance(result, dict):
        return {name: _stored(each, arithmetic) for name, each in result.items()}
    return _stored(result, arithmetic)


def _wrap(each: Any, arithmetic: Arithmetic, error: Any) -> Any:
    if isinstance(each, np.ndarray) and each.dtype.kind == "f":
        return bounded(each, arithmetic, error)
    return each


def _stored(result: Any, arithmetic: Arithmetic) -> Bounded:
    """A program may return a plain array (a gradient of zeros): exact."""
    whole = result if isinstance(result, Bounded) else bounded(result, arithmetic)
    return whole.stored()
