"""A loss with its conventions decided: compiled expressions, ready to run on any kind of number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.specs.formula import Expression, compile_expression
from conformance.specs.language import Language
from conformance.specs.models import Loss, Reduction, SumOf


@dataclass(frozen=True)
class Program:
    """The formula of a loss under one set of choices.

    `arguments` holds the numbers that choices carry, by name; `gradient` the gradients that are so
    by declaration, of the unreduced loss of one sample; `divisors` what a reduction sums over the
    samples to divide by.
    """

    let: tuple[tuple[str, Expression], ...]
    loss: Expression
    gradient: dict[str, Expression]
    divisors: dict[str, Expression]
    arguments: dict[str, float]

    def scope(
        self, names: Mapping[str, Any], language: Language, of: Expression | None = None
    ) -> dict[str, Any]:
        """Give all names in scope of one sample, or of a batch of arrays: given ones and steps.

        With `of` only the steps that this expression needs: others may be long.
        """
        scope = {**self.arguments, **names}
        needed = None if of is None else self._needed(of)
        for name, expression in self.let:
            if needed is None or name in needed:
                scope[name] = expression.evaluate(scope, language)
        return scope

    def _needed(self, of: Expression) -> set[str]:
        """The steps that lead to an expression."""
        needed = set(of.names)
        for name, expression in reversed(self.let):
            if name in needed:
                needed |= expression.names
        return needed

    def unreduced(self, names: Mapping[str, Any], language: Language) -> Any:
        """Give the loss of one sample (or of each sample of a batch)."""
        return self.loss.evaluate(self.scope(names, language), language)


def names_in_scope(loss: Loss) -> set[str]:
    """Give the names that every formula of a loss may use: inputs, parameters and dims."""
    return {*loss.inputs, *loss.parameters, *dims(loss)}


def dims(loss: Loss) -> set[str]:
    """Give the named dims of a loss besides the batch."""
    return {word for item in loss.inputs.values() for word in item.shape.split()} - {"*batch"}


def compile_program(loss: Loss, choices: Mapping[str, str] | None = None) -> Program:
    """Compile a loss under its choices, the norm's where not given.

    Raises FormulaError for a formula outside the language and ValueError for an unknown choice.
    """
    steps, gradient = dict(loss.formula.let), dict[str, str]()
    arguments: dict[str, float] = {}
    for convention, text in loss.choices(choices).items():
        rule, named = loss.conventions[convention].rule(text)
        steps.update(rule.let)
        gradient.update(rule.gradient)
        arguments.update(named)
    names = names_in_scope(loss) | set(arguments)
    let: list[tuple[str, Expression]] = []
    for name, text in steps.items():
        let.append((name, compile_expression(text, names)))
        names.add(name)
    return Program(
        tuple(let),
        compile_expression(loss.formula.loss, names),
        {name: compile_expression(text, names) for name, text in gradient.items()},
        _divisors(loss.reductions, names),
        arguments,
    )


def _divisors(reductions: Mapping[str, Reduction], names: set[str]) -> dict[str, Expression]:
    return {
        name: compile_expression(reduction.divide_by.sum_of, names)
        for name, reduction in reductions.items()
        if isinstance(reduction.divide_by, SumOf)
    }
