"""Formulas: a text of the closed grammar becomes closures that run on any kind of number.

Nothing is handed to `eval`. Every run has a budget of steps, so a formula from a stranger can
neither run code nor hang.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from conformance.specs.errors import FormulaError
from conformance.specs.evaluation import (
    STEP_LIMIT,
    Run,
    apply_function,
    bounded,
    number,
    power,
    sequence,
)
from conformance.specs.grammar import Tree, parse
from conformance.specs.language import Language

Scope = Mapping[str, Any]
Step = Callable[[Scope, Run], Any]


@dataclass(frozen=True)
class Expression:
    """A compiled formula: its text, the names it uses, and how to run it."""

    text: str
    names: frozenset[str]
    step: Step

    def evaluate(
        self, names: Mapping[str, Any], language: Language, steps: int = STEP_LIMIT
    ) -> Any:
        """Run the formula; raises FormulaError past a limit or where the kinds do not fit."""
        try:
            return self.step(names, Run(language, steps))
        except KeyError as error:
            raise FormulaError(f"the name {error} has no value; give one") from error
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            if isinstance(error, FormulaError):
                raise
            raise FormulaError(f"{self.text!r} cannot be evaluated: {error}") from error


def compile_expression(text: str, names: AbstractSet[str]) -> Expression:
    """Compile a formula over the names given; raises FormulaError outside the grammar."""
    tree = parse(text, names)
    used = {node.id for node in ast.walk(tree.body) if isinstance(node, ast.Name)}
    return Expression(tree.text, frozenset(used & names), _compile(tree.body, tree))


def _compile(node: ast.expr, tree: Tree) -> Step:
    match node:
        case ast.Constant():
            return _constant(node, tree)
        case ast.Name(id=name):
            return _name(name)
        case ast.BinOp():
            return _binary(node, tree)
        case ast.UnaryOp():
            return _unary(node, tree)
        case ast.Compare():
            return _comparison(node, tree)
        case ast.BoolOp():
            return _boolean(node, tree)
        case ast.IfExp():
            return _conditional(node, tree)
        case ast.Subscript():
            return _subscript(node, tree)
        case ast.GeneratorExp() | ast.ListComp():
            return _comprehension(node, tree)
        case ast.Call():
            return _call(node, tree)
    raise FormulaError(f"{type(node).__name__} cannot stand here")


def _constant(node: ast.Constant, tree: Tree) -> Step:
    if node.value is None:
        raise FormulaError("None may stand only in 'x is None' and 'x is not None'")
    value = tree.literal(node)
    if isinstance(value, Fraction):
        return lambda scope, run: run.language.number(value)
    return lambda scope, run: value


def _name(name: str) -> Step:
    def step(scope: Scope, run: Run) -> Any:
        run.spend(1)
        return scope[name]

    return step


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def _binary(node: ast.BinOp, tree: Tree) -> Step:
    left, right = _compile(node.left, tree), _compile(node.right, tree)
    if isinstance(node.op, ast.Div):
        return lambda scope, run: run.language.divide(*_numbers(left, right, scope, run))
    if isinstance(node.op, ast.Pow):
        return lambda scope, run: power(*_numbers(left, right, scope, run), run.language)
    operate = _OPERATORS[type(node.op)]
    return lambda scope, run: bounded(operate(*_numbers(left, right, scope, run)))


def _numbers(left: Step, right: Step, scope: Scope, run: Run) -> tuple[Any, Any]:
    run.spend(1)
    return number(left(scope, run)), number(right(scope, run))


def _unary(node: ast.UnaryOp, tree: Tree) -> Step:
    operand = _compile(node.operand, tree)
    if isinstance(node.op, ast.Not):
        return lambda scope, run: run.language.negate(operand(scope, run))
    if isinstance(node.op, ast.UAdd):
        return lambda scope, run: number(operand(scope, run))

    def minus(scope: Scope, run: Run) -> Any:
        run.spend(1)
        return -number(operand(scope, run))

    return minus


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def _comparison(node: ast.Compare, tree: Tree) -> Step:
    """Compile `a < b < c`; a link `is None` asks about the value itself, not the language."""
    operands = [node.left, *node.comparators]
    links = [_link(operands[i], symbol, operands[i + 1], tree) for i, symbol in enumerate(node.ops)]
    return _chain(links, both=True)


def _link(left: ast.expr, symbol: ast.cmpop, right: ast.expr, tree: Tree) -> Step:
    first = _compile(left, tree)
    if isinstance(symbol, ast.Is | ast.IsNot):
        wanted = isinstance(symbol, ast.Is)
        return lambda scope, run: (first(scope, run) is None) is wanted
    second, name = _compile(right, tree), _COMPARISONS[type(symbol)]
    return lambda scope, run: run.language.compare(name, *_numbers(first, second, scope, run))


def _chain(links: Sequence[Step], *, both: bool) -> Step:
    """Join conditions from the left by `and` or `or`."""
    if len(links) == 1:
        return links[0]
    head, last = _chain(links[:-1], both=both), links[-1]

    def step(scope: Scope, run: Run) -> Any:
        run.spend(1)
        join = run.language.both if both else run.language.either
        return join(head(scope, run), lambda: last(scope, run))

    return step


def _boolean(node: ast.BoolOp, tree: Tree) -> Step:
    links = [_compile(value, tree) for value in node.values]
    return _chain(links, both=isinstance(node.op, ast.And))


def _conditional(node: ast.IfExp, tree: Tree) -> Step:
    condition = _compile(node.test, tree)
    then, otherwise = _compile(node.body, tree), _compile(node.orelse, tree)

    def step(scope: Scope, run: Run) -> Any:
        run.spend(1)
        decided = condition(scope, run)
        return run.language.choose(decided, lambda: then(scope, run), lambda: otherwise(scope, run))

    return step


def _subscript(node: ast.Subscript, tree: Tree) -> Step:
    values, index = _compile(node.value, tree), _compile(node.slice, tree)

    def step(scope: Scope, run: Run) -> Any:
        run.spend(1)
        return run.language.pick(sequence(values(scope, run)), number(index(scope, run)))

    return step


def _comprehension(node: ast.GeneratorExp | ast.ListComp, tree: Tree) -> Step:
    element = _compile(node.elt, tree)
    loops = [
        (generator.target.id, _compile(generator.iter, tree))
        for generator in node.generators
        if isinstance(generator.target, ast.Name)
    ]

    def fill(depth: int, scope: dict[str, Any], run: Run, result: list[Any]) -> None:
        if depth == len(loops):
            result.append(element(scope, run))
            return
        name, source = loops[depth]
        for value in sequence(source(scope, run)):
            run.spend(1)
            scope[name] = value
            fill(depth + 1, scope, run, result)

    def step(scope: Scope, run: Run) -> list[Any]:
        result: list[Any] = []
        fill(0, dict(scope), run, result)
        return result

    return step


def _call(node: ast.Call, tree: Tree) -> Step:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    arguments = [_compile(argument, tree) for argument in node.args]

    def step(scope: Scope, run: Run) -> Any:
        return apply_function(name, [argument(scope, run) for argument in arguments], run)

    return step
