"""How far a finding goes, over all its cases: what accepting it would have to allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.cases.variant import MARK
from conformance.engine.book import Fault
from conformance.engine.kept import CONTRACT
from conformance.results.cell import Extent

MOST_CASES = 8
"""Failing cases that are named."""
MOST_VALUES = 8
"""Different numbers of the wrong class that are listed one by one."""


def extent_of(fault: Fault, group: Sequence[Fault]) -> Extent:
    """What was measured on the cases of `group` and on the one they were reduced to."""
    every = [*group, fault]
    judged = [each.judged for each in every if each.judged is not None]
    actual = np.concatenate([np.empty(0), *(each.actual[each.failed] for each in judged)])
    errors = np.concatenate([np.empty(0), *(each.ulps[each.failed] for each in judged)])
    measured = np.isfinite(errors)
    return Extent(
        cases=tuple(dict.fromkeys(f"{each.property}:{each.case.id}" for each in group))[
            :MOST_CASES
        ],
        reductions=tuple(sorted({each.case.reduction for each in every})),
        ulp=float(errors[measured].max()) if measured.any() else None,
        values=_values(actual[~measured]),
        answers=tuple(sorted({each.actual for each in every if each.actual is not None})),
        written=_written(group),
        input=fault.input,
    )


def _values(actual: np.ndarray) -> tuple[float | str, ...]:
    found: list[float | str] = []
    if np.isnan(actual).any():
        found.append("nan")
    if np.isinf(actual).any():
        found.append("infinite")
    numbers = sorted({float(each) for each in actual[np.isfinite(actual)]})
    return (*found, *(numbers if len(numbers) <= MOST_VALUES else ["finite"]))


def _written(group: Sequence[Fault]) -> tuple[str, ...]:
    """The names of the spec's cases, where none was generated: `loss/dtype/name` has three parts.

    Of the contract those of its rows, which are the same in every run.
    """
    if all(each.property == CONTRACT for each in group):
        return tuple(dict.fromkeys(each.case.id.rpartition(MARK)[2] for each in group))
    places = [each.case.id.split("/") for each in group]
    if any(len(place) != 3 for place in places):
        return ()
    return tuple(dict.fromkeys(name for _, _, name in places))
