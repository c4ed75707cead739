"""Losses in decimals of high precision: a truth that shares nothing with the oracle's balls."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

from conformance.specs.case import Example
from conformance.specs.models import Loss, Parameter, SumOf
from conformance.specs.program import compile_program
from conformance.specs.scalar import Scalar
from conformance.specs.values import entries, resolve

DOUBLE = {
    "largest": math.ldexp(2 - 2**-52, 1023),
    "smallest_normal": 2.0**-1022,
    "smallest_subnormal": 5e-324,
}


@contextmanager
def precise(digits: int) -> Iterator[None]:
    """Compute with so many digits, and with NaN and infinities in place of exceptions."""
    with localcontext(Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])):
        yield


class Decimals(Scalar):
    """The formula language on decimals."""

    def number(self, value: Fraction) -> Any:
        return Decimal(value.numerator) / value.denominator

    def divide(self, a: Any, b: Any) -> Any:
        return Decimal(a) / Decimal(b)

    def power(self, a: Any, b: Any) -> Any:
        return Decimal(a) ** b

    def exp(self, x: Any) -> Any:
        return Decimal(x).exp()

    def log(self, x: Any) -> Any:
        return Decimal(x).ln()

    def xlogy(self, a: Any, b: Any) -> Any:
        return Decimal(0) if a == 0 else a * self.log(b)

    def compare(self, operator: str, a: Any, b: Any) -> Any:
        if Decimal(a).is_nan() or Decimal(b).is_nan():
            return operator == "!="
        return super().compare(operator, a, b)

    def max(self, terms: Sequence[Any]) -> Any:
        return next((term for term in terms if Decimal(term).is_nan()), None) or max(terms)

    def min(self, terms: Sequence[Any]) -> Any:
        return -self.max([-term for term in terms])

    def sorted(self, terms: Sequence[Any]) -> Sequence[Any]:
        nan = [term for term in terms if Decimal(term).is_nan()]
        return sorted(term for term in terms if not Decimal(term).is_nan()) + nan


DECIMALS = Decimals()


class Batch:
    """The inputs of a case, sample by sample, and its loss under some choices."""

    def __init__(self, loss: Loss, case: Example, choices: Mapping[str, str]) -> None:
        self.loss, self.choices, self.given = loss, choices, case.given
        self.program = compile_program(loss, choices)
        self.values = {
            name: [_decimal(each) for each in entries(value)]
            for name, value in case.given.values.items()
        }
        first = next(iter(loss.inputs))
        full = case.given.shape_of(first)
        classes = loss.inputs[first].shape.endswith("classes")
        self.classes = full[-1] if classes else 0
        self.batch = full[:-1] if classes else full

    def names(self, index: int) -> dict[str, Any]:
        names: dict[str, Any] = {"classes": self.classes}
        names |= {name: _decimal(value) for name, value in self.program.arguments.items()}
        for name, item in self.loss.inputs.items():
            values = self.values[name]
            if item.shape.endswith("classes"):
                names[name] = values[index * self.classes : (index + 1) * self.classes]
            else:
                names[name] = values[index]
            if item.kind == "class_index":
                names[name] = int(names[name])
        for name, parameter in self.loss.parameters.items():
            names[name] = self.parameter(name, parameter, index)
        return names

    def parameter(self, name: str, parameter: Parameter, index: int) -> Any:
        if name not in self.values:
            default = parameter.default
            return Decimal(str(default)) if isinstance(default, float) else default
        values = self.values[name]
        if parameter.shape == "classes":
            return values
        if parameter.shape == "*batch":
            return values[index % len(values)]  # lines up with the last axes
        return values[0] if parameter.kind == "real" else self.given.values[name]

    def value(self) -> list[Any]:
        """The loss as the reduction says, flattened."""
        scopes = [self.program.scope(self.names(i), DECIMALS) for i in range(math.prod(self.batch))]
        losses = [self.program.loss.evaluate(scope, DECIMALS) for scope in scopes]
        losses, batch = self.last_axis(losses, self.choices.get("last-axis", "kept"))
        if self.given.reduction == "none":
            return losses
        divide_by = self.loss.reductions[self.given.reduction].divide_by
        if divide_by is None:
            return [sum(losses)]
        if isinstance(divide_by, SumOf):
            terms = self.program.divisors[self.given.reduction]
            rule = "kept" if self.choices.get("last-axis", "kept") == "kept" else "mean"
            each = [terms.evaluate(scope, DECIMALS) for scope in scopes]
            divisor = sum(self.last_axis(each, rule)[0])
        else:
            divisor = len(losses) if divide_by == "size" else batch[0]
        if divisor == 0 and self.choices.get("empty-mean") == "zero":
            return [Decimal(0)]
        return [Decimal(sum(losses)) / divisor]

    def last_axis(self, losses: list[Any], rule: str) -> tuple[list[Any], tuple[int, ...]]:
        if rule == "kept" or not self.batch:
            return losses, self.batch
        width = self.batch[-1]
        rows = [losses[i : i + width] for i in range(0, len(losses), width or 1)]
        rows = rows or [[] for _ in range(math.prod(self.batch[:-1]))]
        sums = [Decimal(sum(row)) for row in rows]
        return ([s / width for s in sums] if rule == "mean" else sums), self.batch[:-1]

    def slopes(self, name: str, index: int) -> tuple[Any, Any]:
        """The slopes to both sides by one entry, for a cotangent of ones, or the declared one."""
        declared = self.program.gradient.get(name)
        if declared is not None and self.given.reduction == "none":
            axis = self.loss.inputs[name].shape.endswith("classes")
            sample, place = divmod(index, self.classes) if axis else (index, 0)
            slope = declared.evaluate(self.program.scope(self.names(sample), DECIMALS), DECIMALS)
            return (slope[place],) * 2 if axis else (slope,) * 2
        near = self.quotients(name, index, -100)
        if abs(near[0]) > 100:  # log p goes on falling towards p = 0
            nearer = self.quotients(name, index, -120)
            near = [
                side * Decimal("inf") if abs(nearer[0]) > abs(near[0]) + 20 else side
                for side in near
            ]
        return min(near), max(near)

    def quotients(self, name: str, index: int, exponent: int) -> list[Any]:
        """Difference quotients to both sides, or to the one where the loss is a number, twice."""
        here, step = self.values[name][index], Decimal(10) ** exponent
        losses = []
        for offset in (-step, 0, step):
            self.values[name][index] = here + offset
            losses.append(self.value())
        self.values[name][index] = here
        sides = [_rise(losses[0], losses[1]) / step, _rise(losses[1], losses[2]) / step]
        known = [side for side in sides if not side.is_nan()]
        return [known[0], known[-1]]


def _rise(before: list[Any], after: list[Any]) -> Any:
    """The change of a sum; an infinity that stays is no change."""
    return sum(Decimal(0) if b == a else a - b for b, a in zip(before, after, strict=True))


def _decimal(value: Any) -> Any:
    """A number of the file as it is written there; a word as the double that it stands for."""
    if value is None or isinstance(value, bool):
        return value
    return Decimal(resolve(value, DOUBLE)) if isinstance(value, str) else Decimal(repr(value))
