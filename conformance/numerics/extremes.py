"""What the largest element of an array tells of all: one pass, where a choice for each takes three.

A bound is derived over whole blocks of elements, of which nearly none is infinite or NaN: what is
due for such a one is looked for only where the largest element says that there may be one.
"""

from __future__ import annotations

from conformance.numerics.formats import Floats


def below(values: Floats, ceiling: float) -> bool:
    """Whether every element is a number below the ceiling."""
    return not values.size or bool(values.max() < ceiling)


def above(values: Floats, floor: float) -> bool:
    """Whether every element is a number above the floor."""
    return not values.size or bool(values.min() > floor)


def magnitude(values: Floats) -> float:
    """The largest magnitude, 0 of none; NaN where there is one."""
    return float(max(values.max(), -values.min())) if values.size else 0.0
