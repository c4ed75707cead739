"""One loss in one dtype: the cases of a run, equal for all targets and built when they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import overload

from conformance.cases.case import Case
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.book import digest_of_cases
from conformance.engine.narrowing import narrowed
from conformance.engine.request import Request
from conformance.engine.shapes import coarse
from conformance.specs.models import Loss

KEPT = 64
"""Cases that stay built: building one takes 0.1 ms, and several targets and properties share it."""


class Built(Sequence[Case]):
    """The cases of some recipes, each built as it is looked at, so that memory holds but a few."""

    def __init__(self, recipes: Sequence[Recipe], made: Callable[[Recipe], Case]) -> None:
        self._recipes = recipes
        self._made = made

    def __len__(self) -> int:
        return len(self._recipes)

    @overload
    def __getitem__(self, at: int) -> Case: ...
    @overload
    def __getitem__(self, at: slice) -> Built: ...
    def __getitem__(self, at: int | slice) -> Case | Built:
        if isinstance(at, slice):
            return Built(self._recipes[at], self._made)
        return self._made(self._recipes[at])


@dataclass(frozen=True)
class Batch:
    """One loss in one dtype: the cases, and how many were left out for which reason."""

    loss: Loss
    dtype: str
    cases: Sequence[Case]
    left_out: Mapping[str, int]

    @cached_property
    def digest(self) -> str:
        """Of the inputs of all cases."""
        return digest_of_cases(self.cases)


def drawn(request: Request, loss: Loss, dtype: str) -> Batch:
    """The batch of a request, its recipes drawn and none of its cases built."""
    depth = request.depth
    recipes = draw(loss, dtype, depth.drawn, request.seed, largest=depth.largest)
    if depth.coarse:
        recipes = list(dict.fromkeys(coarse(recipe) for recipe in recipes))
    left_out: Mapping[str, int] = {}
    if request.narrow is not None:
        recipes, left_out = narrowed(recipes, request.narrow, loss)
    made = lru_cache(KEPT)(partial(build, loss=loss))
    return Batch(loss, dtype, Built(recipes, made), left_out)
