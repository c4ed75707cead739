"""Targets without a framework: answers made from the reference, honest until somebody spoils them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from conformance import oracle
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cases.rejects import rejects
from conformance.engine.block import Block, Side
from conformance.engine.book import Book, Explain
from conformance.engine.practice import declared, reference_of
from conformance.engine.properties import MAKERS
from conformance.engine.standard import Arguments, Reference, true_gradients, true_value
from conformance.engine.workers import Station
from conformance.numerics.formats import FORMATS, Floats, round_to, to_bits
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.targets.binding_file import load_bindings
from conformance.targets.call import Call
from conformance.targets.outcome import Array, Outcome, Raised
from conformance.targets.profiles import profile_of
from conformance.targets.target import Target
from tests.engine.contracted import contracted

LOSSES: Mapping[str, Loss] = load_library().losses

Spoil = Callable[[Call, Outcome], Outcome]


def untouched(call: Call, outcome: Outcome) -> Outcome:
    return outcome


@cache
def side(framework: str = "torch") -> Side:
    target = Target.parse(framework)
    return Side(target.name, framework, None, load_bindings(target), profile_of(target))


def block(loss: str, dtype: str = "float32", framework: str = "torch") -> Block:
    return Block(side(framework), LOSSES[loss], dtype, LOSSES)


def case(text: str) -> Case:
    recipe = Recipe.parse(text)
    return build(recipe, LOSSES[recipe.loss])


def stored(values: Floats, dtype: str) -> Array:
    """The values rounded to a dtype, as a framework would return them."""
    form = FORMATS[dtype]
    return Array(dtype, np.asarray(to_bits(round_to(values, form), form)))


def changed(array: Array, change: Callable[[Floats], Any]) -> Array:
    """The same array with other values."""
    return stored(np.asarray(change(np.array(array.values)), dtype=np.float64), array.dtype)


def one_off(values: Floats, by: float = 1.5) -> Floats:
    """The first element multiplied, the others as they were."""
    values.reshape(-1)[:1] *= by
    return values


def honest(call: Call) -> Outcome:
    """The truth rounded once; a refusal where the contract refuses, or the spec knows no such thing."""
    loss = LOSSES[call.binding.loss]
    given_dtypes, taken = (
        dict.fromkeys(call.inputs, call.dtype) | call.dtypes,
        contracted(call, loss),
    )
    if taken is None:
        return refused("TypeError")
    call = taken
    choices = declared(call.binding, loss)
    names = {name.replace("-", "_"): text for name, text in choices.items()}
    implied = dict.fromkeys(call.binding.implied, True)  # said by the choice of the callable
    keywords: dict[str, Any] = {**implied, **call.parameters, "reduction": call.reduction, **names}
    given = Arguments(tuple(call.inputs.values()), keywords)
    reference = reference_of(loss, call.dtype)
    gradients: Mapping[str, Floats] = {}
    if call.gradient:
        assert call.cotangent is not None
        along = call.cotangent
        if call.squared:
            along = along * (2.0 * true_value(reference, given))
        gradients = true_gradients(reference, given, along)
        if call.derivative == "gradient" and reference.weights is not None:
            by_weights = Reference(reference.value, reference.weights)
            gradients = {**gradients, **true_gradients(by_weights, given, along)}
    moved = moving(call, loss, choices) if call.derivative != "gradient" else {}
    second = call.derivative.endswith("reverse")
    return Outcome(
        tangent=moved.get(""),
        curvature={name: moved[name] for name in call.gradient} if second else {},
        value=stored(true_value(reference, given), call.dtype),
        gradients={
            name: stored(gradients[name], given_dtypes.get(name, call.dtype))
            for name in call.gradient
            if name in gradients and call.derivative != "forward"
        },
        warnings=(("UserWarning", "deprecated"),) if call.overrides is not None else (),
    )


def moving(call: Call, loss: Loss, choices: Mapping[str, str]) -> dict[str, Array]:
    """How the value ("") and the gradients move along the call's tangents, from the oracle."""
    real = [name for name, given in loss.inputs.items() if given.kind == "real"]
    still = {name: np.zeros(call.inputs[name].shape) for name in real}
    parameters = {**dict.fromkeys(call.binding.implied, True), **call.parameters}
    found = oracle.directional(
        loss, call.inputs, parameters, {**still, **call.tangents}, call.reduction, choices,
        call.cotangent,
    )  # fmt: skip
    every = {"": found.forward, **found.second}
    return {name: stored(oracle.midpoints(each), call.dtype) for name, each in every.items()}


def refused(name: str = "ValueError") -> Outcome:
    return Outcome(raised=Raised((name, "Exception", "BaseException"), "not with me"))


def unexplained(fault: object) -> None:
    return None


def worked(
    of: Block,
    name: str,
    cases: Sequence[Case] = (),
    spoil: Spoil = untouched,
    explain: Explain = unexplained,
) -> Book:
    """The book of one property after every task was answered, each call spoiled on its way."""
    book = Book(of.loss.id, of.side.name, of.dtype, explain)
    for task in MAKERS[name](of, cases, book):
        task.judge(book, [spoil(call, answered(of, name, call)) for call in task.calls])
    return book


def answered(of: Block, name: str, call: Call) -> Outcome:
    """Honest; where the property holds bad input too, that is refused by every kind declared."""
    return Fake().evaluate([call])[0] if name == "error" else honest(call)


def faults(book: Book) -> set[tuple[str, str]]:
    """Property and kind of all that is wrong."""
    return {(fault.property, fault.kind) for fault in book.faults}


@dataclass
class Fake:
    """In place of a worker: honest, until spoiled."""

    spoil: Spoil = untouched
    facts: dict[str, Any] = field(default_factory=lambda: {"framework": "1.0", "python": "3.11"})
    asked: int = 0

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        self.asked += len(calls)
        return [self.spoil(call, self._answer(call)) for call in calls]

    def _answer(self, call: Call) -> Outcome:
        try:
            if _legal(call):
                return honest(call)
        except (IndexError, ValueError):  # a class that there is not, a weight too many
            pass
        kinds = sorted({*call.binding.rejects.values()} or {"ValueError"})
        return Outcome(raised=Raised((*kinds, "Exception"), "refused"))


def _legal(call: Call) -> bool:
    loss = LOSSES[call.binding.loss]
    shapes = {
        array.shape[:-1] if "classes" in loss.inputs[name].shape else array.shape
        for name, array in call.inputs.items()
    }
    weight = call.parameters.get("weight")
    fits = True
    if isinstance(weight, np.ndarray) and loss.parameters["weight"].shape == "*batch":
        fits = weight.shape in ((), *shapes)
    fits = fits and len(shapes) == 1 and call.reduction in loss.reductions
    return fits and not any(_same(call, each.case) for each in rejects(loss, call.dtype))


def _same(call: Call, bad: Case) -> bool:
    """Whether a call is the one that the spec rejects, with gradients or without."""
    return all(
        np.shape(given[name]) == np.shape(each)
        and bool(np.all((given[name] == each) | (each != each)))
        for given, written in ((call.inputs, bad.inputs), (call.parameters, bad.parameters))
        for name, each in written.items()
        if name in given
    )


def station(spoil: Spoil = untouched, framework: str = "torch") -> Station:
    """A target whose worker is no process."""
    target = replace(Target.parse(framework), version="9.9")
    given = replace(side(framework), name=target.name, version="9.9")
    return Station(target, given, Fake(spoil))  # type: ignore[arg-type]
