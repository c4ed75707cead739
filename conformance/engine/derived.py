"""A loss that nobody wrote a program for: programs made of its formula, called as all others are.

Inputs come in the spec's order, a cotangent after them; parameters, `reduction` and conventions by
name. Plain float64 arrays and error-carrying ones run alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from conformance.numerics.backward import Slope, Traced, Traces, plain, slopes
from conformance.numerics.bounded import Bounded
from conformance.numerics.estimate import Mask
from conformance.numerics.language import Arrays, values_of
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
        return Arrays(next((x.arithmetic for x in held if isinstance(x, Bounded)), None))

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
    whole = array if isinstance(array, Bounded) else np.asarray(array)
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
    whole = values if isinstance(values, Bounded) else np.asarray(values, dtype=np.float64)
    return np.broadcast_to(whole, batch)  # type: ignore[arg-type]  # Bounded is a duck array


def reduced(call: Call, found: Terms) -> Any:
    """The result of the call's reduction."""
    return reduce(
        found.losses, kind_of(call), divisor=divisor(call, found.shares), rows=_rows(call),
        empty_mean=call.choices.get(EMPTY_MEAN, "nan"), last_axis=_last_axis(call),
    )  # fmt: skip


def shared(call: Call, found: Terms, cotangent: Any) -> Any:
    """The share of a cotangent that reaches each sample's loss."""
    return spread(
        cotangent, kind_of(call), call.batch,
        divisor=divisor(call, found.shares), rows=_rows(call),
        empty_mean=call.choices.get(EMPTY_MEAN, "nan"), last_axis=_last_axis(call),
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
    fold = 1 if _last_axis(call) == "kept" else call.batch[-1]
    if not isinstance(rule, SumOf) or shares is None or not fold:
        return None
    if not isinstance(shares, Bounded) and shares.size and (shares == 1.0).all():
        return None
    total = np.sum(shares)
    return total if fold == 1 else total / fold


def _rows(call: Call) -> int:
    return call.batch[0] if call.batch else 1


def _last_axis(call: Call) -> str:
    return call.choices.get(LAST_AXIS, "kept")


def value_program(loss: Loss) -> Callable[..., Any]:
    """The formula as a program of the loss's value."""

    @np.errstate(all="ignore")
    def value(*inputs: Any, **keywords: Any) -> Any:
        call = Call.of(loss, inputs, keywords)
        return in_doubt(reduced(call, terms(call)))

    return value


Order = Literal["backward", "shared", "scaled"]
"""Where the cotangent enters: first, as autograd has it; at the end, divided already; or at the
end, after the slopes were divided by what the mean divides by."""
ORDERS: tuple[Order, ...] = ("backward", "shared", "scaled")


def gradient_program(loss: Loss, order: Order) -> Callable[..., dict[str, Any]]:
    """The formula's derivatives as a program of the loss's gradients."""

    @np.errstate(all="ignore")
    def gradient(*inputs: Any, **keywords: Any) -> dict[str, Any]:
        *given, cotangent = inputs
        call = Call.of(loss, tuple(given), keywords)
        return backward(call, cotangent, derivatives(call), order)

    return gradient


@dataclass(frozen=True)
class Derivatives:
    """The formula run with a record of its steps, and a slope where one is so by declaration."""

    found: Terms
    loss: Any
    share: Any
    variables: Mapping[str, Any]
    declared: Mapping[str, Any]


def derivatives(call: Call) -> Derivatives:
    """Run the formula on traced inputs; class indices and parameters are no variables."""
    arrays, program = call.arrays, call.program
    plain_names = call.names()
    variables = {
        name: traced(plain_names[name])
        for name, spec in call.loss.inputs.items()
        if spec.kind == "real"
    }
    language = Traces(arrays)
    scope = program.scope({**plain_names, **variables}, language)
    loss = program.loss.evaluate(scope, language)
    counted = program.divisors.get(call.reduction)
    share = None if counted is None else counted.evaluate(scope, language)
    known = {name: untraced(value) for name, value in scope.items()}
    declared = {
        name: expression.evaluate(known, arrays) for name, expression in program.gradient.items()
    }
    shares = None if share is None else spread_over(plain(share), call.batch)
    found = Terms(spread_over(plain(loss), call.batch), shares)
    return Derivatives(found, loss, share, variables, declared)


def traced(value: Any) -> Any:
    return [Traced(each) for each in value] if isinstance(value, list) else Traced(value)


def untraced(value: Any) -> Any:
    return [plain(each) for each in value] if isinstance(value, list) else plain(value)


def slopes_of(call: Call, made: Derivatives, seed: Any) -> dict[str, Slope]:
    """The slope of each sample's loss by each input, times the seed."""
    found = _by_input(call, made.loss, made.variables, seed)
    for name, slope in made.declared.items():
        whole = joined(slope if isinstance(slope, list) else [slope], call, name)
        found[name] = Slope(whole * _last(seed, call, name), None)
    return found


def _by_input(call: Call, result: Any, variables: Mapping[str, Any], seed: Any) -> dict[str, Slope]:
    entries = {
        (name, k): each
        for name, variable in variables.items()
        for k, each in enumerate(variable if isinstance(variable, list) else [variable])
    }
    each = slopes(result, entries, seed, call.arrays)
    found = {}
    for name in variables:
        own = [slope for (owner, _), slope in each.items() if owner == name]
        reached = [np.asarray(True if slope.reached is None else slope.reached) for slope in own]
        everywhere = all(mask.all() for mask in reached)
        value = joined([slope.value for slope in own], call, name)
        influence = joined(reached, call, name).astype(bool)
        found[name] = Slope(value, None if everywhere else influence)
    return found


def joined(rows: list[Any], call: Call, name: str) -> Any:
    """Entries by class as one array, classes last; of an input without classes the only one."""
    parts = [spread_over(row, call.batch) for row in rows]
    if not has_classes(call.loss, name):
        return parts[0]
    if not parts:
        return np.zeros((*call.batch, 0))
    return np.concatenate([np.expand_dims(part, -1) for part in parts], axis=-1)


def _last(share: Any, call: Call, name: str) -> Any:
    return np.expand_dims(share, -1) if has_classes(call.loss, name) else share


def backward(
    call: Call,
    cotangent: Any,
    made: Derivatives,
    order: Order,
    known: Mapping[str, Slope] | None = None,
) -> dict[str, Any]:
    """The gradients for a cotangent; `known` holds slopes that were found in another way."""
    share = shared(call, made.found, cotangent)
    if order == "backward":
        found = {name: slope.value for name, slope in slopes_of(call, made, share).items()}
    else:
        each = slopes_of(call, made, np.ones(call.batch)) if known is None else known
        factors = [share] if order == "shared" else _factors(call, made.found, cotangent)
        found = {name: _weighed(call, name, slope, factors) for name, slope in each.items()}
    if isinstance(made.share, Traced):
        found = _moved(call, cotangent, made, found)
    return {name: in_doubt(slope) for name, slope in found.items()}


def _factors(call: Call, found: Terms, cotangent: Any) -> list[Any]:
    """What the mean divides by, turned over, and the cotangent, each spread over the samples."""
    whole = "none" if call.reduction == "none" else "sum"
    last_axis = "kept" if _last_axis(call) == "kept" else "sum"
    shape = np.shape(cotangent)
    return [
        shared(call, found, np.ones(shape)),
        spread(cotangent, whole, call.batch, last_axis=last_axis),
    ]


def _weighed(call: Call, name: str, slope: Slope, factors: list[Any]) -> Any:
    """Nothing flows to an input without influence, not even of a share that is no number."""
    whole = slope.value
    for factor in factors:
        whole = whole * _last(factor, call, name)
    return whole if slope.reached is None else np.where(slope.reached, whole, 0.0)


def _moved(
    call: Call, cotangent: Any, made: Derivatives, found: Mapping[str, Any]
) -> dict[str, Any]:
    """Where an input takes part in the divisor, it moves the mean that way too."""
    fold = 1 if _last_axis(call) == "kept" else call.batch[-1]
    part = cotangent / divisor(call, made.found.shares) / fold
    factor = -(part * reduced(call, made.found))
    seed = np.broadcast_to(factor, call.batch)
    shift = _by_input(call, made.share, made.variables, seed)
    return {name: slope + shift[name].value for name, slope in found.items()}


def in_doubt(result: Any) -> Any:
    """Where float64 itself left the range on the way, the bound says nothing: it is infinite."""
    if not isinstance(result, Bounded):
        return result
    lost: Mask = result.overflow & ~np.isfinite(values_of(result))
    if not lost.any():
        return result
    bound = np.where(lost, np.inf, result.bound)
    return Bounded(result.state._replace(bound=bound), result.arithmetic)
