"""What a result of inputs in two dtypes is held to: its dtype, the numbers meant, whose digits count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from conformance.cases.case import Case, frozen
from conformance.cases.contract import common, narrower
from conformance.engine.block import Block
from conformance.engine.judge import Held, Judgement
from conformance.numerics.formats import FORMATS, round_to, ulp


@dataclass(frozen=True)
class Reading:
    """One way to take a call: the dtype of its result, and the dtype whose bound it keeps to.

    `rounded` names a dtype that floating inputs and weights are converted to before anything else.
    """

    result: str
    bound: str
    rounded: str | None = None

    def held(self, block: Block, case: Case) -> Held:
        """The case as it is meant, judged as one of the dtype whose bound counts."""
        inputs, parameters = dict(case.inputs), dict(case.parameters)
        if self.rounded is not None:
            form = FORMATS[self.rounded]
            inputs = {
                name: frozen(round_to(array, form)) if array.dtype.kind == "f" else array
                for name, array in inputs.items()
            }
            parameters = {
                name: round_to(value, form) if isinstance(value, np.ndarray) else value
                for name, value in parameters.items()
            }
        meant = replace(case, dtype=self.bound, inputs=inputs, parameters=parameters)
        return replace(block, dtype=self.bound).held(meant)


def _promoted(first: str, other: str) -> Reading:
    return Reading(common(first, other), common(first, other))


def _each_alone(first: str, other: str) -> Reading:
    return Reading(common(first, other), narrower(first, other))


READINGS: Mapping[str, Callable[[str, str], Reading]] = {
    "promoted": _promoted,
    "each-alone": _each_alone,
    "first": lambda first, other: Reading(first, first, first),
    "first-at-last": lambda first, other: Reading(first, first),
    "target": lambda first, other: Reading(other, narrower(first, other)),
}
"""By the word of the contract; of the dtypes of the first input and of the target."""


def readings(first: str, other: str, declared: str | None, usual: str | None) -> list[Reading]:
    """What a mixed call may be held to: the declared word alone, or all that is honest.

    `usual` is the word of the stock framework, which is honest too. Where that promotes, a result of
    the common dtype is held to the bound of that dtype.
    """
    if declared is not None:
        return [READINGS[declared](first, other)]
    words = ["promoted" if usual == "promoted" else "each-alone", "first-at-last"]
    if usual in READINGS and usual not in words:
        words.insert(0, str(usual))
    return list(_distinct(READINGS[word](first, other) for word in words))


def _distinct(found: Iterator[Reading]) -> Iterator[Reading]:
    yield from dict.fromkeys(found)


def in_ulp_of(judged: Judgement, bound: str, dtype: str) -> Judgement:
    """Errors and bounds told in ulp of the cell's dtype, wherever they were derived."""
    if bound == dtype:
        return judged
    with np.errstate(all="ignore"):
        ratio = ulp(judged.expected, FORMATS[bound]) / ulp(judged.expected, FORMATS[dtype])
        return replace(
            judged, ulps=judged.ulps * ratio, bound_ulp=judged.bound_ulp * ratio[judged.probed]
        )
