"""Samples that were run along a direction, put together: what it makes of value and gradient."""

from __future__ import annotations

import math

from conformance.oracle.ball import Ball
from conformance.oracle.enclosure import Enclosure, Enclosures, array_of
from conformance.oracle.extended import Extended, extended, multiply
from conformance.oracle.gathering import by_inputs
from conformance.oracle.reduction import Reducer, total
from conformance.oracle.samples import Samples
from conformance.oracle.series import Series, rate_of, still


def forward_along(samples: Samples, reducer: Reducer, parts: list[Ball]) -> Enclosures:
    """The slope of each output along the direction; `parts` are slopes for a cotangent of ones."""
    each = [_along(samples, index, part) for index, part in enumerate(parts)]
    kinks = [bool(part.kinks) for part in parts]
    size = len(parts) if reducer.reduced else reducer.fold
    groups = range(math.prod(reducer.shape))
    flat = [
        Enclosure(total(each[i * size : (i + 1) * size]), any(kinks[i * size : (i + 1) * size]))
        for i in groups
    ]
    return array_of(flat, reducer.shape)


def _along(samples: Samples, index: int, part: Ball) -> Extended:
    """A sample's slopes times the tangents of its own entries."""
    products = []
    for (name, place), slope in part.slopes.items():
        rates = samples.tangents[name][index]
        rate = rates[place] if isinstance(rates, list) else rates
        products.append(multiply(still(slope), extended(rate)))
    return total(products)


def rates_by_inputs(samples: Samples, parts: list[Ball]) -> dict[str, Enclosures]:
    """The rate of every slope."""
    moved = [
        Ball(
            part.value, {entry: rate_of(slope) for entry, slope in part.slopes.items()}, part.kinks
        )
        for part in parts
    ]
    return by_inputs(samples, moved)


def coefficients(number: Enclosure) -> list[Enclosure]:
    """The terms of a series, each by itself."""
    ball = number.ball
    if not isinstance(ball, Series):
        return [number]
    return [Enclosure(ball.value, number.kink), Enclosure(ball.rate, number.kink)]
