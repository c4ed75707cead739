"""What a wrong gradient breaks, in words: a rule of its own where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.engine.judge import Held, Judgement
from conformance.engine.silence import Silence
from conformance.engine.standard import true_gradients
from conformance.numerics.formats import Floats

KINK = "gradient-at-kink"


@dataclass(frozen=True)
class Remark:
    """The note of a fault, and the rule that it breaks; without one the kind's rule stands.

    `cause` keeps apart what breaks different rules.
    """

    note: str
    rule: str = ""
    cause: str = ""


Remarks = Callable[[Judgement], Remark | None]
"""What is to be said of the worst element of a judgement."""


def remarks(
    held: Held,
    name: str,
    along: Floats,
    silent: Sequence[Silence],
    returned: Floats,
    clause: str = "",
) -> Remarks:
    """Words for the gradient with respect to the input `name`; `clause` says what was special."""
    begin = f"{clause} " if clause else ""

    def remark(judged: Judgement) -> Remark | None:
        place = judged.worst
        assert place is not None
        actual, expected = float(judged.actual[place]), float(judged.expected[place])
        what = f"the gradient with respect to {name}"
        for each in silent:
            if each.places[place]:
                note = f"{begin}{what} {each.reason} is {actual:.17g}, must be exactly 0"
                return Remark(note, f"the gradient {each.reason} is exactly 0")
        if np.isnan(actual) and np.isfinite(expected):
            return _nan(begin + what, expected, _value_at(returned, place, judged), place)
        if found := _kinked(held, name, along, place):
            return _at_kink(begin + what, actual, expected, found)
        if not clause:
            return None
        return Remark(f"{begin}{what} is {actual:.17g}, and {expected:.17g} is true")

    return remark


def _value_at(returned: Floats, place: int, judged: Judgement) -> float:
    """The value that the element had a part in."""
    flat = returned.reshape(-1)
    if flat.size in (0, 1) or judged.actual.size < flat.size:
        return float(flat[0]) if flat.size else float("nan")
    return float(flat[place * flat.size // judged.actual.size])


def _nan(what: str, expected: float, value: float, place: int) -> Remark:
    both = "value and true gradient are" if np.isfinite(value) else "the true gradient is"
    rule = f"no NaN gradient where {both} finite"
    return Remark(f"{what} is NaN where {both} finite: {expected:.17g} is true", rule)


def _kinked(held: Held, name: str, along: Floats, place: int) -> tuple[float, float] | None:
    """The least and the greatest subgradient at an element, where they differ."""
    if KINK not in held.loss.conventions or name not in held.loss.inputs:
        return None
    ends = [_under(held, f"value({slope})", name, along)[place] for slope in (-1, 1)]
    low, high = min(ends), max(ends)
    return (float(low), float(high)) if low < high else None


def _under(held: Held, choice: str, name: str, along: Floats) -> Floats:
    """The gradient that the loss has under another declared slope."""
    keywords = {**held.given.keywords, KINK.replace("-", "_"): choice}
    given = type(held.given)(held.given.positional, keywords)
    return true_gradients(held.reference, given, along)[name].reshape(-1)


def _at_kink(what: str, actual: float, expected: float, interval: tuple[float, float]) -> Remark:
    low, high = interval
    choice = f"the binding declares {expected:.17g}"
    if low <= actual <= high:
        where = f"a subgradient in [{low:.17g}, {high:.17g}], but {choice}"
    else:
        where = f"outside the subgradients [{low:.17g}, {high:.17g}], of which {choice}"
    rule = "at a kink the gradient is the subgradient that the binding declares"
    return Remark(f"{what} at the kink is {actual:.17g}, {where}", rule)
