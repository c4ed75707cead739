"""One call of a loss taken apart for its formula, and what its samples come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.numerics.bounded import Bounded
from conformance.numerics.estimate import Mask
from conformance.numerics.language import Arrays, carries, values_of
from conformance.oracle.evaluation import Identity
from conformance.specs.models import Loss, SumOf
from conformance.specs.program import Program, compile_program
from reference.reductions import reduce, spread

EMPTY_MEAN, LAST_AXIS = "empty-mean", "last-axis"
CLASSES = "classes"


@dataclass(frozen=True)
class Call:
    """One call of a loss, its arguments by name."""

    loss: Loss
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]
    reduction: str
    choices: Mapping[str, str]

    @classmethod
    def of(cls, loss: Loss, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> Call:
        """Take the arguments of a program apart."""
        named = {name.replace("-", "_"): name for name in loss.conventions}
        chosen = {named[key]: text for key, text in keywords.items() if key in named}
        parameters = {
            name: keywords.get(name, parameter.default)
            for name, parameter in loss.parameters.items()
        }
        given = dict(zip(loss.inputs, inputs, strict=True))
        reduction = str(keywords.get("reduction", "mean"))
        return cls(loss, given, parameters, reduction, loss.choices(chosen))

    @property
    def batch(self) -> tuple[int, ...]:
        name = next(iter(self.loss.inputs))
        shape: tuple[int, ...] = np.shape(self.inputs[name])
        return shape[:-1] if has_classes(self.loss, name) else shape

    @property
    def arrays(self) -> Arrays:
        held = (*self.inputs.values(), *self.parameters.values())
        return Arrays(next((x.arithmetic for x in held if carries(x)), None))

    @property
    def program(self) -> Program:
        return _compiled(Identity(self.loss), tuple(self.choices.items()))

    def names(self) -> dict[str, Any]:
        """What the formula sees: a class axis as a list of arrays over the batch."""
        scope: dict[str, Any] = {}
        for name in self.loss.inputs:
            scope[name] = self.inputs[name]
            if has_classes(self.loss, name):
                scope[name] = listed(self.inputs[name])
                scope[CLASSES] = len(scope[name])
        for name, parameter in self.loss.parameters.items():
            value = self.parameters[name]
            rows = parameter.shape == CLASSES and value is not None
            scope[name] = listed(value) if rows else value
        return scope


@lru_cache(maxsize=64)
def _compiled(key: Identity, choices: tuple[tuple[str, str], ...]) -> Program:
    return compile_program(key.loss, dict(choices))


def has_classes(loss: Loss, name: str) -> bool:
    return CLASSES in loss.inputs[name].shape.split()


def listed(array: Any) -> list[Any]:
    whole = array if carries(array) else np.asarray(array)
    return [whole[..., k] for k in range(whole.shape[-1])]


@dataclass(frozen=True)
class Terms:
    """What the samples come to: each one's loss, and its term of the divisor if it has one."""

    losses: Any
    shares: Any | None


def terms(call: Call) -> Terms:
    """Run the formula over the batch."""
    arrays, program = call.arrays, call.program
    scope = program.scope(call.names(), arrays)
    losses = program.loss.evaluate(scope, arrays)
    counted = program.divisors.get(call.reduction)
    shares = None if counted is None else spread_over(counted.evaluate(scope, arrays), call.batch)
    return Terms(spread_over(losses, call.batch), shares)


def spread_over(values: Any, batch: tuple[int, ...]) -> Any:
    whole = values if carries(values) else np.asarray(values, dtype=np.float64)
    return np.broadcast_to(whole, batch)


def reduced(call: Call, found: Terms) -> Any:
    """The result of the call's reduction."""
    return reduce(
        found.losses, kind_of(call), divisor=divisor(call, found.shares), rows=_rows(call),
        empty_mean=call.choices.get(EMPTY_MEAN, "nan"), last_axis=last_axis_of(call),
    )  # fmt: skip


def shared(call: Call, found: Terms, cotangent: Any) -> Any:
    """The share of a cotangent that reaches each sample's loss."""
    return spread(
        cotangent, kind_of(call), call.batch,
        divisor=divisor(call, found.shares), rows=_rows(call),
        empty_mean=call.choices.get(EMPTY_MEAN, "nan"), last_axis=last_axis_of(call),
    )  # fmt: skip


def kind_of(call: Call) -> str:
    """The reduction by what it divides by, whatever the spec calls it."""
    rule = call.loss.reductions[call.reduction].divide_by
    if call.reduction == "none" or rule is None:
        return "none" if call.reduction == "none" else "sum"
    return "batchmean" if rule == "rows" else "mean"


def divisor(call: Call, shares: Any) -> Any:
    """The sum that a mean divides by; None where it counts the losses."""
    rule = call.loss.reductions[call.reduction].divide_by
    fold = 1 if last_axis_of(call) == "kept" else call.batch[-1]
    if not isinstance(rule, SumOf) or shares is None or not fold:
        return None
    if not carries(shares) and shares.size and (shares == 1.0).all():
        return None
    total = np.sum(shares)
    return total if fold == 1 else total / fold


def _rows(call: Call) -> int:
    return call.batch[0] if call.batch else 1


def last_axis_of(call: Call) -> str:
    return call.choices.get(LAST_AXIS, "kept")


def in_doubt(result: Any) -> Any:
    """Where float64 itself left the range on the way, the bound says nothing: it is infinite."""
    if not isinstance(result, Bounded):
        return result
    lost: Mask = result.overflow & ~np.isfinite(values_of(result))
    if not lost.any():
        return result
    bound = np.where(lost, np.inf, result.bound)
    return Bounded(result.state._replace(bound=bound), result.arithmetic)
