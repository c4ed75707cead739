"""Invariants of one call: losses below no zero, zero where nothing is missed, slopes that cancel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.cases import portable
from conformance.cases.exactness import floats
from conformance.cases.portable import ROUNDOFFS
from conformance.cases.relation import Claim, Relation, Setting, same
from conformance.cases.roles import CLASSES
from conformance.cases.streams import Floats
from conformance.numerics.formats import FORMATS, round_to


def non_negative(setting: Setting) -> Iterator[Relation]:
    yield setting.relation((setting.side(0),), Claim(sense=">="))


def non_negative_rows(setting: Setting) -> Iterator[Relation]:
    """Log-probabilities lowered until each row holds no more mass than its target's."""
    if not setting.batch:
        return
    name, other = list(setting.loss.inputs)[:2]
    logs, target = (floats(setting.case.inputs[each]) for each in (name, other))
    mass = portable.exp(target) if setting.case.parameters.get("log_target") else target
    with np.errstate(all="ignore"):
        excess = portable.log(_total(portable.exp(logs)) / _total(mass))
    if not np.isfinite(excess).all():
        return
    form = FORMATS[setting.case.dtype]
    slack = 4.0 * ROUNDOFFS * 2.0**-53 * logs.shape[-1] + 2.0 * form.unit_roundoff
    with np.errstate(over="ignore"):
        lowered = logs - np.maximum(excess, 0.0)
        lowered = round_to(lowered * (1.0 + slack) - slack, form)
    if not np.isfinite(lowered).all():
        return
    folds = setting.folded or setting.case.reduction != "none"
    move = same if folds else _total
    yield setting.relation((setting.side(0, inputs={name: lowered}),), Claim(None, (), move, ">="))


def _total(array: Floats) -> Floats:
    return np.asarray(array.sum(axis=-1, keepdims=True))


def zero_at_target(setting: Setting) -> Iterator[Relation]:
    """Both inputs are the same numbers: no loss, and no slope where that is the least loss."""
    one, other = list(setting.loss.inputs)[:2]
    left = setting.side(0, inputs={other: setting.case.inputs[one]})
    least = any(each.id == "non-negative" for each in setting.loss.invariants)
    slopes = [Claim(name) for name in setting.floating if least]
    yield setting.relation((left,), Claim(), *slopes)


def gradient_sums_to_zero(setting: Setting) -> Iterator[Relation]:
    name = next(
        each for each, given in setting.loss.inputs.items()
        if given.shape == CLASSES and given.kind == "real"
    )  # fmt: skip
    yield setting.relation((setting.side(0),), Claim(name, move=_total))
