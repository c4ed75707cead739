"""The oracle: values and exact first derivatives of a loss, enclosed rigorously."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from flint import ctx

from conformance.oracle.along import coefficients
from conformance.oracle.ball import Ball, ball
from conformance.oracle.enclosure import Enclosure, Enclosures, array_of
from conformance.oracle.extended import Undecided
from conformance.oracle.gathering import by_inputs, by_weights, slope_of
from conformance.oracle.language import BALLS
from conformance.oracle.reduction import Reducer, reducer
from conformance.oracle.samples import Samples, Slopes, take_apart
from conformance.specs.formula import Expression
from conformance.specs.models import Loss
from conformance.specs.program import Program, compile_program

FIRST_BITS, LAST_BITS = 128, 8_192
VALUE = ""
"""The name under which the value stands beside gradients."""


class PrecisionError(Exception):
    """A choice in a formula stayed open at the highest precision."""


@dataclass(frozen=True)
class Outcome:
    """One sample: its loss, and its term of the divisor."""

    loss: Ball
    divisor: Ball

    def settled(self) -> bool:
        """Say whether a reduction of many such samples can still be settled."""
        return all(
            number.settled(margin=16) for part in (self.loss, self.divisor) for number in _all(part)
        )


@dataclass(frozen=True)
class Call:
    """A call of a loss, taken apart; `slopes` says what are variables."""

    samples: Samples
    program: Program
    reducer: Reducer
    divisor: Expression | None
    slopes: Slopes


def evaluate(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    reduction: str = "mean",
    choices: Mapping[str, str] | None = None,
) -> Enclosures:
    """Enclose the value, reduced or not.

    Raises PrecisionError where a choice in the formula cannot be decided, ValueError for shapes.
    """
    call = call_of(loss, inputs, parameters, reduction, choices, slopes="none")

    def attempt(bits: int) -> dict[str, Enclosures]:
        outcomes = outcomes_of(call, bits)
        with ctx.workprec(bits):
            return {VALUE: _value(call, outcomes)}

    return settled_answer(attempt)[VALUE]


def _value(call: Call, outcomes: list[Outcome]) -> Enclosures:
    losses = [outcome.loss.value for outcome in outcomes]
    numbers = call.reducer.value(losses, [each.divisor.value for each in outcomes])
    return array_of([Enclosure(number) for number in numbers], call.reducer.shape)


def derivatives(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    reduction: str = "mean",
    choices: Mapping[str, str] | None = None,
    cotangent: Any = None,
) -> dict[str, Enclosures]:
    """Enclose the gradient by every real input, contracted with a cotangent (default: ones).

    One run of a sample gives all its partial derivatives. At a kink the enclosure is the interval
    of subgradients, unless the choices declare a value. Raises as `evaluate`.
    """
    call = call_of(loss, inputs, parameters, reduction, choices, slopes="inputs")
    return _contracted(call, cotangent, lambda outcomes, parts: by_inputs(call.samples, parts))


def value_and_derivatives(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    reduction: str = "mean",
    choices: Mapping[str, str] | None = None,
) -> dict[str, Enclosures]:
    """Enclose the value, under the name VALUE, and the gradients along ones, in the same run.

    Raises as `evaluate`, also where the value alone could be had.
    """
    call = call_of(loss, inputs, parameters, reduction, choices, slopes="inputs")
    return _contracted(
        call,
        None,
        lambda outcomes, parts: {VALUE: _value(call, outcomes), **by_inputs(call.samples, parts)},
    )


def weight_derivatives(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    reduction: str = "mean",
    choices: Mapping[str, str] | None = None,
    cotangent: Any = None,
) -> dict[str, Enclosures]:
    """Enclose the gradient by every parameter that is an array, of its shape; else as above."""
    call = call_of(loss, inputs, parameters, reduction, choices, slopes="weights")
    return _contracted(
        call, cotangent, lambda outcomes, parts: by_weights(call.samples, parameters, parts)
    )


def cotangent_of(call: Call, cotangent: Any) -> np.ndarray:
    """The cotangent, ones where none is given; raises ValueError for another shape."""
    shape = call.reducer.shape
    weights = np.ones(shape) if cotangent is None else np.asarray(cotangent, np.float64)
    if weights.shape != shape:
        raise ValueError(f"cotangent: the shape is {weights.shape}; it must be {shape}")
    return weights


def _contracted(
    call: Call,
    cotangent: Any,
    gathered: Callable[[list[Outcome], list[Ball]], dict[str, Enclosures]],
) -> dict[str, Enclosures]:
    weights = cotangent_of(call, cotangent)

    def attempt(bits: int) -> dict[str, Enclosures]:
        outcomes = outcomes_of(call, bits)
        with ctx.workprec(bits):
            parts = call.reducer.gradient(
                [outcome.loss for outcome in outcomes],
                [outcome.divisor for outcome in outcomes],
                weights.ravel().tolist(),
            )
            return gathered(outcomes, parts)

    return settled_answer(attempt)


def call_of(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    reduction: str,
    choices: Mapping[str, str] | None,
    *,
    slopes: Slopes,
    tangents: Mapping[str, Any] = MappingProxyType({}),
) -> Call:
    """Take a call apart; raises ValueError for shapes that do not fit."""
    samples = take_apart(loss, inputs, parameters, tangents)
    program = _compiled(Identity(loss), tuple((choices or {}).items()))
    reduce = reducer(loss, samples.batch, reduction, choices or {})
    return Call(samples, program, reduce, program.divisors.get(reduction), slopes)


@dataclass(frozen=True, eq=False)
class Identity:
    """A loss as a key: two are equal if they are the same object, which the key keeps alive."""

    loss: Loss

    def __hash__(self) -> int:
        return id(self.loss)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.loss is other.loss


@lru_cache(maxsize=64)
def _compiled(key: Identity, choices: tuple[tuple[str, str], ...]) -> Program:
    """Compile once: for a small case that takes longer than to evaluate it."""
    return compile_program(key.loss, dict(choices))


def settled_answer(attempt: Callable[[int], dict[str, Enclosures]]) -> dict[str, Enclosures]:
    """Double the bits until every enclosure is small, or no more are allowed."""
    bits = FIRST_BITS
    while True:
        try:
            result = attempt(bits)
            small = all(each.settled() for array in result.values() for each in array.ravel())
            if small or bits >= LAST_BITS:
                return result
        except Undecided as reason:
            if bits >= LAST_BITS:
                raise PrecisionError(f"{reason}, at {bits} bits still") from reason
        bits *= 2


def outcomes_of(call: Call, bits: int) -> list[Outcome]:
    return [_outcome(call, index, bits) for index in range(call.samples.count)]


def _outcome(call: Call, index: int, bits: int) -> Outcome:
    """Run one sample with as many bits as it needs by itself."""
    while True:
        try:
            with ctx.workprec(bits):
                outcome = _run(call, index)
            if bits >= LAST_BITS or outcome.settled():
                return outcome
        except Undecided:
            if bits >= LAST_BITS:
                raise
        bits *= 2


def _run(call: Call, index: int) -> Outcome:
    program = call.program
    arguments = {name: ball(number) for name, number in program.arguments.items()}
    names = call.samples.names(index, slopes=call.slopes)
    scope = program.scope({**names, **arguments}, BALLS)
    loss = ball(program.loss.evaluate(scope, BALLS))
    for name, expression in program.gradient.items() if call.slopes == "inputs" else ():
        loss = _declared(loss, name, expression.evaluate(scope, BALLS))
    return Outcome(loss, ball(call.divisor.evaluate(scope, BALLS) if call.divisor else 1))


def _declared(loss: Ball, name: str, gradient: Any) -> Ball:
    """Put a gradient that is so by declaration in place of the derivative."""
    entries = gradient if isinstance(gradient, list) else [gradient]
    slopes = {(name, place): ball(entry).value for place, entry in enumerate(entries)}
    return Ball(loss.value, {**loss.slopes, **slopes}, loss.kinks - slopes.keys())


def _all(part: Ball) -> list[Enclosure]:
    numbers = [Enclosure(part.value), *[slope_of(part, entry) for entry in part.slopes]]
    return [each for number in numbers for each in coefficients(number)]
