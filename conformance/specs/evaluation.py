"""Running a formula: the budget of steps, and bounds on every value, whatever the text says."""

from collections.abc import Sequence
from typing import Any

from conformance.specs.errors import FormulaError
from conformance.specs.grammar import INTEGER_BITS
from conformance.specs.language import Language

STEP_LIMIT = 1_000_000
RANGE_LIMIT = 4_096
POWER_LIMIT = 64


class Run:
    """One evaluation of a formula: its kind of number and the steps it has left."""

    __slots__ = ("language", "steps")

    def __init__(self, language: Language, steps: int) -> None:
        self.language = language
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Use up some of the budget; raises FormulaError when it is gone."""
        self.steps -= steps
        if self.steps < 0:
            raise FormulaError("the formula takes too many steps; make its ranges smaller")


def number(value: Any) -> Any:
    """Give a value back if it is a number; raises FormulaError for a list or None."""
    if value is None or isinstance(value, list | tuple | range):
        what = "nothing" if value is None else "a list"
        raise FormulaError(f"{what} stands where a number is needed; index it or sum over it")
    return value


def bounded(value: Any) -> Any:
    """Give a value back unless it is an integer that grew too long; raises FormulaError."""
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS:
        raise FormulaError(f"an integer grew past {INTEGER_BITS} bits; write smaller numbers")
    return value


def power(base: Any, exponent: Any, language: Language) -> Any:
    """Give base ** exponent, integer powers bounded; raises FormulaError."""
    if isinstance(exponent, int):
        if abs(exponent) > POWER_LIMIT:
            raise FormulaError(f"the power {exponent} is too large; at most {POWER_LIMIT}")
        if isinstance(base, int) and exponent >= 0:
            if base.bit_length() * exponent > INTEGER_BITS:
                raise FormulaError(f"an integer grew past {INTEGER_BITS} bits; write smaller ones")
            return base**exponent
    return language.power(base, exponent)


def sequence(value: Any) -> Sequence[Any]:
    """Give a value back if it is a list; raises FormulaError for a number."""
    if not isinstance(value, list | tuple | range):
        raise FormulaError("a single number stands where a list is needed; give a class axis")
    return value


def apply_function(name: str, values: list[Any], run: Run) -> Any:
    """Call a function of the language; raises FormulaError where the arguments do not fit."""
    run.spend(1 + sum(len(value) for value in values if isinstance(value, list | tuple | range)))
    match name:
        case "len":
            return len(sequence(values[0]))
        case "range":
            return _range(values)
        case "prod":
            return _product(_numbers(sequence(values[0])), run.language)
        case "sum" | "sorted":
            return getattr(run.language, name)(_numbers(sequence(values[0])))
        case "max" | "min":
            terms = _numbers(sequence(values[0]) if len(values) == 1 else values)
            if not terms:
                raise FormulaError(f"{name} of an empty list has no value; check its length first")
            return getattr(run.language, name)(terms)
    return getattr(run.language, name)(*_numbers(values))


def _numbers(values: Sequence[Any]) -> list[Any]:
    return [number(value) for value in values]


def _product(terms: list[Any], language: Language) -> Any:
    """Multiply the integers first, each step bounded: a thousand long ones would take minutes."""
    whole: Any = 1
    for term in terms:
        if isinstance(term, int):
            whole = bounded(whole * term)
    rest = [term for term in terms if not isinstance(term, int)]
    return language.prod([whole, *rest]) if rest else whole


def _range(values: list[Any]) -> range:
    if not all(isinstance(value, int) and abs(value) < 10**9 for value in values):
        raise FormulaError("range is given what is no small integer; use a dim name or a number")
    result = range(*values)
    if len(result) > RANGE_LIMIT:
        raise FormulaError(f"the range has {len(result)} entries; at most {RANGE_LIMIT}")
    return result
