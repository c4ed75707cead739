"""Recipes drawn by Hypothesis: freely as a strategy, or a number of them that cover the options.

Only public parts of Hypothesis are used. It mixes constants that it finds in the local source files
into the integers that it draws, which would make a draw depend on what else is imported: all
integers are therefore drawn far from any constant that a program would hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from conformance.cases.covering import Row, cover
from conformance.cases.options import (
    ABSENT,
    SEEDS,
    Options,
    options_of,
    parameter_factor,
    recipe_of,
)
from conformance.cases.recipe import Recipe
from conformance.specs.models import Loss

#: Most elements of an array of a recipe, unless the caller says otherwise.
LARGEST = 1000

# Free numbers are taken modulo the lengths of the tables that they pick from.
_FREE = 10_000
_FAR = 1 << 100

_QUIET = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)

# Of ten recipes four state no parameter and three at most one, so that a target which lacks some
# still runs most of them, and a fault is seen alone before it is seen in company.
_PLAIN, _LONE, _ANY = "plain", "lone", "any"
_TURNS = (_ANY, _PLAIN, _LONE, _PLAIN, _ANY, _LONE, _PLAIN, _ANY, _PLAIN, _LONE)


@cache
def numbers_below(count: int) -> st.SearchStrategy[int]:
    """Integers from 0, evenly, shrinking towards 0."""
    return st.integers(_FAR, _FAR + count - 1).map(lambda number: number - _FAR)


_NUMBERS = st.tuples(*(numbers_below(_FREE) for _ in range(3)), numbers_below(SEEDS))


def strategy(loss: Loss, dtype: str, *, largest: int = LARGEST) -> st.SearchStrategy[Recipe]:
    """All recipes of a loss; it shrinks towards a typical case of one sample without parameters."""
    factors = options_of(loss).factors
    picks = st.tuples(*(numbers_below(len(texts)) for texts in factors.values()))

    def recipe(drawn: tuple[tuple[int, ...], tuple[int, int, int, int]]) -> Recipe:
        row = {name: texts[k] for (name, texts), k in zip(factors.items(), drawn[0], strict=True)}
        return recipe_of(loss.id, dtype, row, drawn[1], largest)

    return st.tuples(picks, _NUMBERS).map(recipe)


def draw(loss: Loss, dtype: str, count: int, seed: int, *, largest: int = LARGEST) -> list[Recipe]:
    """That many different recipes, equal on every machine for equal versions.

    Options come from a covering list: each alone within the first 40, then pairs, then triples of
    them. Sizes, classes and seeds are Hypothesis's.
    """
    options = options_of(loss)
    rows = list(itertools.islice(_rows(options, f"{loss.id} {dtype} {seed}"), count))
    found: dict[Recipe, None] = {}
    if not rows:
        return []
    for attempt in itertools.count():
        for numbers in _free_numbers(count - len(found), f"{loss.id} {dtype} {seed} {attempt}"):
            row = rows[len(found)]
            found.setdefault(recipe_of(loss.id, dtype, row, numbers, largest))
            if len(found) == count:
                return list(found)
    raise AssertionError("count() never ends")


def _rows(options: Options, seed: str) -> Iterator[Row]:
    lone = itertools.cycle(options.parameters)
    return cover(
        options.factors, (_fixed(options, turn, lone) for turn in itertools.cycle(_TURNS)), seed
    )


def _fixed(options: Options, turn: str, lone: Iterator[str]) -> Row:
    """The parameters that a row must leave unstated."""
    if turn == _ANY:
        return {}
    spared = next(lone, None) if turn == _LONE else None
    return {parameter_factor(name): ABSENT for name in options.parameters if name != spared}


def _free_numbers(count: int, seed: str) -> list[tuple[int, int, int, int]]:
    """Free numbers for that many recipes, cut from one integer each: four take twice the time."""
    drawn: list[tuple[int, int, int, int]] = []

    @seeded(seed)
    @settings(_QUIET, max_examples=count)
    @given(numbers_below(SEEDS * _FREE**3))
    def collect(number: int) -> None:
        number, size = divmod(number, _FREE)
        number, trailing = divmod(number, _FREE)
        drawn.append((size, trailing, *divmod(number, SEEDS)))

    collect()
    return drawn
