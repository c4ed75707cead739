"""Every formula of a spec lies inside the language, and every name in it is defined there."""

from collections.abc import Iterator

from conformance.specs.choice import ChoiceForm
from conformance.specs.errors import FormulaError, Problem
from conformance.specs.grammar import FUNCTIONS, parse
from conformance.specs.models import SumOf
from conformance.specs.program import names_in_scope
from conformance.specs.reading import Trail
from conformance.specs.rules.context import Context, options


def formulas(context: Context) -> Iterator[Problem]:
    """Check the steps, the loss and the divisors as the norm's choices leave them."""
    formula, names = context.loss.formula, names_in_scope(context.loss)
    for name, text in formula.let.items():
        place: Trail = ("formula", "let", name)
        if name in names or name in FUNCTIONS:
            message = f"the step {name!r} has the name of something else"
            yield context.problem(place, message, "choose a name that is not in use", key=True)
        yield from _check(context, place, text, names)
        names.add(name)
    yield from _check(context, ("formula", "loss"), formula.loss, names)
    for reduction, entry in context.loss.reductions.items():
        if isinstance(entry.divide_by, SumOf):
            place = ("reductions", reduction, "divide_by", "sum_of")
            yield from _check(context, place, entry.divide_by.sum_of, names)


def changed_formulas(context: Context) -> Iterator[Problem]:
    """Check the steps and gradients that choices put in place of the norm's."""
    let = context.loss.formula.let
    for convention, entry in context.loss.conventions.items():
        for form, rule in entry.choices.items():
            argument = ChoiceForm.parse(form).argument
            names = names_in_scope(context.loss) | ({argument} if argument else set())
            place: Trail = ("conventions", convention, "choices", form)
            for name, text in rule.let.items():
                trail = (*place, "let", name)
                if name not in let:
                    message = f"the choice changes the step {name!r}, which the formula lacks"
                    yield context.problem(trail, message, options(name, let), key=True)
                    continue
                earlier = list(let)[: list(let).index(name)]
                yield from _check(context, trail, text, names | set(earlier))
            for name, text in rule.gradient.items():
                trail = (*place, "gradient", name)
                yield from _gradient_name(context, trail, name)
                yield from _check(context, trail, text, names | set(let))


def arguments(context: Context) -> Iterator[Problem]:
    """Check that the arguments of choices have names of their own."""
    taken = dict.fromkeys(names_in_scope(context.loss), "the formula")
    taken |= dict.fromkeys(context.loss.formula.let, "the formula")
    for convention, entry in context.loss.conventions.items():
        found = {ChoiceForm.parse(form).argument: form for form in entry.choices}
        for argument, form in found.items():
            if argument in taken:
                message = f"the argument {argument!r} is a name of {taken[argument]} already"
                place = ("conventions", convention, "choices", form)
                yield context.problem(place, message, "choose another name for it", key=True)
        taken |= {name: f"the convention {convention}" for name in found if name}


def _gradient_name(context: Context, trail: Trail, name: str) -> Iterator[Problem]:
    real = [key for key, item in context.loss.inputs.items() if item.kind == "real"]
    if name not in real:
        message = f"a gradient is declared by {name!r}, which is no real input"
        yield context.problem(trail, message, options(name, real), key=True)


def _check(context: Context, place: Trail, text: str, names: set[str]) -> Iterator[Problem]:
    try:
        parse(text, names)
    except FormulaError as error:
        message, _, remedy = str(error).partition("; ")
        yield context.problem(place, message, remedy or "write a formula of the language")
