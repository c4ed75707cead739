"""A loss that nobody wrote a program for: programs made of its formula, called as all others are.

Inputs come in the spec's order, a cotangent after them; parameters, `reduction` and conventions by
name. Plain float64 arrays and error-carrying ones run alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from conformance.engine.formula import (
    Call,
    Terms,
    divisor,
    has_classes,
    in_doubt,
    last_axis_of,
    reduced,
    shared,
    spread_over,
    terms,
)
from conformance.numerics.backward import Traces
from conformance.numerics.traced import Slope, Traced, plain, slopes
from conformance.specs.models import Loss
from reference.reductions import spread


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
    last_axis = "kept" if last_axis_of(call) == "kept" else "sum"
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
    fold = 1 if last_axis_of(call) == "kept" else call.batch[-1]
    part = cotangent / divisor(call, made.found.shares) / fold
    factor = -(part * reduced(call, made.found))
    seed = np.broadcast_to(factor, call.batch)
    shift = _by_input(call, made.share, made.variables, seed)
    return {name: slope + shift[name].value for name, slope in found.items()}
