"""Both sides of an identity, built from a case: equal by mathematics, made by different calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.cases.case import Array, Case, Value, frozen
from conformance.cases.sample import batch_of, class_count
from conformance.cases.streams import Floats
from conformance.cases.transforms import transformed
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Identity, Loss

#: In the id of a case that an identity made from another: `<other case>/=<identity>`, and `+left`.
MARK, LEFT = "=", "+left"

_REPEATS = 3


@dataclass(frozen=True, eq=False)
class Equation:
    """Two cases whose results are equal, or related as the identity's id says.

    `input_error` bounds, for each floating input of the right side, how far every entry lies from
    what the identity asks for, rounding into the dtype included; inputs that it lacks are exact.
    """

    identity: str
    left: Case
    right: Case
    input_error: Mapping[str, Floats] = field(default_factory=dict)


def equation(
    case: Case, loss: Loss, identity: Identity, losses: Mapping[str, Loss]
) -> Equation | None:
    """The identity for a case, or None where its conditions do not hold for this one."""
    if not _holds(case, loss, identity):
        return None
    if identity.equals is None:
        return _GENERIC[identity.id](case, loss)
    return _between_losses(case, loss, identity, losses[identity.equals.loss])


def _holds(case: Case, loss: Loss, identity: Identity) -> bool:
    stated: dict[str, Value | str] = {"reduction": case.reduction}
    stated |= {name: given.default for name, given in loss.parameters.items()}
    stated |= case.parameters
    return all(
        not isinstance(stated[name], np.ndarray) and stated[name] in allowed
        for name, allowed in identity.when.items()
    )


def _between_losses(case: Case, loss: Loss, identity: Identity, other: Loss) -> Equation | None:
    if identity.equals is None or case.reduction not in other.reductions:
        return None
    parameters = _shared(case, loss, identity, other)
    classes = class_count(case.inputs, loss)
    if parameters is None or _marks_lost(case, loss, identity.equals.given, classes):
        return None
    made = {
        name: transformed(text, case.inputs, classes, FORMATS[case.dtype])
        for name, text in identity.equals.given.items()
    }
    right = Case(
        id=_id(case, identity.id),
        loss=other.id,
        dtype=case.dtype,
        inputs={name: frozen(value) for name, (value, _) in made.items()},
        parameters=_stated({**parameters, **identity.equals.parameters}, other),
        reduction=case.reduction,
        cotangents=case.cotangents,
    )
    errors = {name: bound for name, (_, bound) in made.items() if np.any(bound)}
    return Equation(identity.id, case, right, errors)


def _shared(case: Case, loss: Loss, identity: Identity, other: Loss) -> dict[str, Value] | None:
    """The right side's parameters; None where the left states one that the right does not have."""
    parameters: dict[str, Value] = {}
    for name, value in case.parameters.items():
        if name in other.parameters:
            parameters[name] = value
        elif name not in identity.when and not _is_default(value, loss, name):
            return None
    return parameters


def _stated(parameters: dict[str, Value], loss: Loss) -> dict[str, Value]:
    """The marks of ignored samples, and what is not at its default anyway."""
    marks = {declared.also for declared in loss.inputs.values()}
    return {
        name: value
        for name, value in parameters.items()
        if name in marks or not _is_default(value, loss, name)
    }


def _is_default(value: Value, loss: Loss, name: str) -> bool:
    return not isinstance(value, np.ndarray) and value == loss.parameters[name].default


def _marks_lost(case: Case, loss: Loss, given: Mapping[str, str], classes: int) -> bool:
    """Whether an ignored sample would become a row of zeros, which is no target at all."""
    for name, declared in loss.inputs.items():
        if declared.kind != "class_index" or name in given.values():
            continue
        index = case.inputs[name]
        marked = case.parameters.get(declared.also or "")
        if np.any((index < 0) | (index >= classes) | (index == marked)):
            return True
    return False


def _id(case: Case, identity: str, side: str = "") -> str:
    return f"{case.id}/{MARK}{identity}{side}"


def _sum_is_n_means(case: Case, loss: Loss) -> Equation | None:
    """Left the sum, right the mean, of equal inputs."""
    if case.reduction != "mean" or "sum" not in loss.reductions:
        return None
    left = replace(case, reduction="sum", id=_id(case, "sum-is-n-means", LEFT))
    return Equation("sum-is-n-means", left, case)


def _none_reduced_by_hand(case: Case, loss: Loss) -> Equation | None:
    """Left the reduced loss, right the losses that are to be reduced by hand."""
    if case.reduction == "none" or "none" not in loss.reductions:
        return None
    right = replace(case, reduction="none", id=_id(case, "none-reduced-by-hand"))
    return Equation("none-reduced-by-hand", case, right)


def _positive_weight_is_repetition(case: Case, loss: Loss) -> Equation | None:
    """Left each positive example weighed by three, right three of each, both summed over one axis.

    Targets are rounded to 0 or 1 for it, other parameters are left out.
    """
    targets = np.asarray(case.inputs["target"], dtype=np.float64)
    if not batch_of(case.inputs, loss) or "sum" not in loss.reductions:
        return None
    flat: dict[str, Array] = {name: array.reshape(-1) for name, array in case.inputs.items()}
    flat["target"] = np.rint(targets).reshape(-1)
    times = np.where(flat["target"] == 1.0, _REPEATS, 1)
    left = replace(
        case,
        id=_id(case, "positive-weight-is-repetition", LEFT),
        inputs={name: frozen(array) for name, array in flat.items()},
        parameters={"pos_weight": np.asarray(frozen(np.full((1,), float(_REPEATS))))},
        reduction="sum",
    )
    right = replace(
        left,
        id=_id(case, "positive-weight-is-repetition"),
        inputs={name: frozen(np.repeat(array, times)) for name, array in flat.items()},
        parameters={},
    )
    return Equation("positive-weight-is-repetition", left, right)


_GENERIC: dict[str, Callable[[Case, Loss], Equation | None]] = {
    "sum-is-n-means": _sum_is_n_means,
    "none-reduced-by-hand": _none_reduced_by_hand,
    "positive-weight-is-repetition": _positive_weight_is_repetition,
}
