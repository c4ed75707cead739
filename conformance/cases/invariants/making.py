"""From an invariant of the spec and a case to relations between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from conformance.cases.case import Case
from conformance.cases.exactness import finite
from conformance.cases.invariants import addition, batches, ignoring, order, sign, weights
from conformance.cases.relation import Relation, Setting
from conformance.specs.models import Invariant, Loss

Make = Callable[[Setting], Iterator[Relation]]

MAKERS: Mapping[str, Make] = MappingProxyType(
    {
        "non-negative": sign.non_negative,
        "non-negative-sum": sign.non_negative_rows,
        "zero-at-target": sign.zero_at_target,
        "symmetric": order.symmetric,
        "translation-invariant": addition.translation,
        "shift-invariant": addition.shift,
        "complement-symmetric": order.complement,
        "permutation-equivariant-over-batch": order.samples,
        "permutation-equivariant-over-classes": order.classes,
        "linear-in-weight": weights.linear,
        "weight-scale-free-mean": weights.scale_free,
        "ignored-is-irrelevant": ignoring.irrelevant,
        "ignored-is-removed": ignoring.removed,
        "linear-in-log-probabilities": addition.linear,
        "gradient-sums-to-zero": sign.gradient_sums_to_zero,
        "homogeneous": addition.homogeneous,
        "convex": addition.convex,
        "unit-weight-is-none": weights.unit,
        "additive-over-batch": batches.parts,
        "improbable-class-is-nothing": ignoring.improbable_class,
        "same-in-every-dtype": batches.wider,
    }
)
"""By name; an invariant that says no axis is one over samples."""


def relations(
    case: Case, loss: Loss, invariant: Invariant, *, folded: bool = False
) -> Iterator[Relation]:
    """Every relation that the invariant makes of a case; none where the case does not serve.

    Infinities and NaN serve none: what there is said of them, the formula says. `folded` is how
    the target takes the last axis.
    """
    make = MAKERS.get(invariant.name) or MAKERS[f"{invariant.id}-over-batch"]
    fixed = _fixed(case, loss, invariant)
    floats = [array for array in fixed.inputs.values() if array.dtype.kind == "f"]
    if not finite(*floats) or not all(array.size for array in floats):
        return
    yield from make(Setting(fixed, loss, invariant, folded))


def _fixed(case: Case, loss: Loss, invariant: Invariant) -> Case:
    """With the parameters for which the invariant holds; those at their default are not stated."""
    parameters = {
        name: value for name, value in case.parameters.items() if name not in invariant.when
    }
    parameters |= {
        name: value
        for name, value in invariant.when.items()
        if value != loss.parameters[name].default
    }
    return replace(case, parameters=parameters)


def relation(case: Case, loss: Loss, name: str, *, folded: bool = False) -> Relation | None:
    """The relation of that name, if the case makes it."""
    for invariant in loss.invariants:
        if name.partition(".")[0] == invariant.name:
            made = relations(case, loss, invariant, folded=folded)
            return next((each for each in made if each.name == name), None)
    return None
