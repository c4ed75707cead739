"""Run a program's derivative on error-carrying arrays, forward or backward through its own steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.bounded import Bounded, bounded
from conformance.numerics.formats import Floats
from conformance.numerics.moving import Moving
from conformance.numerics.recorded import Recorded, walked_back

Program = Callable[..., Any]
Tangents = Mapping[int, Floats]
"""How arguments move, by position; the others stay."""


def pushed(
    program: Program,
    arithmetic: Arithmetic,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    tangents: Tangents,
) -> dict[str, Bounded]:
    """How what the program returns moves, by name; a single array has the name ""."""
    wrapped = _wrapped(arguments, arithmetic)
    for place, tangent in tangents.items():
        wrapped[place] = Moving(wrapped[place], bounded(tangent, arithmetic))
    with np.errstate(all="ignore"):
        result = program(*wrapped, **_named(keywords, arithmetic))
        found = result if isinstance(result, dict) else {"": result}
        return {name: _moved(each, arithmetic) for name, each in found.items()}


def _moved(result: Any, arithmetic: Arithmetic) -> Bounded:
    if isinstance(result, Moving) and isinstance(result.tangent, Bounded):
        return result.tangent.stored()
    return bounded(np.zeros(np.shape(result)), arithmetic)


def pulled_apart(
    program: Program,
    arithmetic: Arithmetic,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    tangents: Tangents,
    names: Sequence[str],
    by: Sequence[int] = (),
) -> dict[str, Bounded]:
    """The same where each result is a kernel's own, walked back by itself; then they are added."""
    everywhere = by or [*tangents]
    each = [
        pulled(
            program, arithmetic, arguments, keywords, {place: tangents[place]}, names, everywhere
        )
        for place in tangents
    ]
    return _added(each)


def pushed_apart(
    program: Program,
    arithmetic: Arithmetic,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    tangents: Tangents,
) -> dict[str, Bounded]:
    """As `pushed`, where a kernel's forward mode takes its arguments one by one and adds."""
    each = [
        pushed(program, arithmetic, arguments, keywords, {place: tangent})
        for place, tangent in tangents.items()
    ]
    return _added(each)


def _added(each: Sequence[Mapping[str, Bounded]]) -> dict[str, Bounded]:
    with np.errstate(all="ignore"):
        return {name: reduce(add, [part[name] for part in each]).stored() for name in each[0]}


def pulled(
    program: Program,
    arithmetic: Arithmetic,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    tangents: Tangents,
    names: Sequence[str],
    by: Sequence[int] = (),
) -> dict[str, Bounded]:
    """The slopes, by each moving argument, of the program's results added up along its tangents.

    `names` says which argument each result belongs to: what a gradient program gives for an argument
    is taken along that argument's tangent. Autograd of a gradient does the same. `by` are the
    arguments to take slopes by, where these are not those that move.
    """
    wrapped = _wrapped(arguments, arithmetic)
    places = by or [*tangents]
    inputs = {names[place]: Recorded(wrapped[place]) for place in places}
    for place in places:
        wrapped[place] = inputs[names[place]]
    seeds = {names[place]: bounded(each, arithmetic) for place, each in tangents.items()}
    with np.errstate(all="ignore"):
        results = program(*wrapped, **_named(keywords, arithmetic))
        ends = {name: (results[name], seeds[name]) for name in seeds if name in results}
        slopes = walked_back(ends, inputs)
        return {
            name: (each if isinstance(each, Bounded) else bounded(each, arithmetic)).stored()
            for name, each in slopes.items()
        }


def along_gradient(
    program: Program,
    arithmetic: Arithmetic,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    tangents: Tangents,
    names: Sequence[str],
    shape: tuple[int, ...],
) -> Bounded:
    """The gradient times the tangents, added up: the other honest way to a value's derivative.

    `shape` is that of the value. `arguments` end in a cotangent of ones.
    """
    with np.errstate(all="ignore"):
        results = program(*_wrapped(arguments, arithmetic), **_named(keywords, arithmetic))
        total: Any = bounded(np.zeros(shape), arithmetic)
        for place, tangent in tangents.items():
            if names[place] not in results:
                continue
            product = results[names[place]] * bounded(tangent, arithmetic)
            total = total + _onto(product, shape)
        return total.stored()


def _onto(products: Any, shape: tuple[int, ...]) -> Any:
    """Added up over what a reduction, or the classes, took away."""
    if not shape:
        return np.sum(products)
    while products.ndim > len(shape):
        products = np.sum(products, axis=-1)
    return products


def _wrapped(arguments: Sequence[Any], arithmetic: Arithmetic) -> list[Any]:
    return [
        bounded(each, arithmetic)
        if isinstance(each, np.ndarray) and each.dtype.kind == "f"
        else each
        for each in arguments
    ]


def _named(keywords: Mapping[str, Any], arithmetic: Arithmetic) -> dict[str, Any]:
    names, values = [*keywords], _wrapped([*keywords.values()], arithmetic)
    return dict(zip(names, values, strict=True))
