"""Fewer shapes, where every new one costs: coarse recipes, and a budget of different calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.cases.recipe import Recipe
from conformance.engine.block import Task
from conformance.engine.book import Book
from conformance.targets.call import Call

_VECTORS = ((1, 1), (9, 3), (33, 17))
"""Sizes up to the first number become the second: one, a few, a vector register and its tail."""
_LONG, _LONG_ROWS = 4099, 129
"""Any longer one: past every block that a kernel splits a sum into; fewer where each has classes."""


def coarse(recipe: Recipe) -> Recipe:
    """The recipe on one of a dozen shapes, which still have a tail behind every vector width.

    Long ones cost little more than short ones and verify many times as much.
    """
    batch, classes = recipe.batch, recipe.classes
    longest = _LONG if classes is None else _LONG_ROWS
    if len(batch) == 1:
        batch = (next((size for most, size in _VECTORS if batch[0] <= most), longest),)
    elif len(batch) == 2:
        wide = (33, 31) if classes is None else (17, 2)
        batch = wide if batch[0] > 9 else (3, 5)
    elif len(batch) == 3:
        batch = (2, 3, 2)
    if classes is not None and classes > 2:
        classes = 3 if classes <= 10 else 33
    return replace(recipe, batch=batch, classes=classes)


APART = 4


@dataclass
class Budget:
    """How many different calls a target that compiles each of them may still be asked for."""

    left: int
    seen: set[Any] = field(default_factory=set)

    def apart(self) -> Budget:
        """A smaller one beside it, for calls that come on top."""
        return Budget(max(self.left // APART, 1))

    def admits(self, task: Task) -> bool:
        new = {signature(call) for call in task.calls} - self.seen
        if len(new) > self.left:
            return False
        self.left -= len(new)
        self.seen |= new
        return True


def within(budget: Budget, tasks: Iterator[Task], name: str, book: Book) -> Iterator[Task]:
    """The tasks that the budget admits; the others are counted as left out."""
    for task in tasks:
        if budget.admits(task):
            yield task
        else:
            book.skip(name, LEFT_OUT)


LEFT_OUT = "left out: this target compiles each new shape, and the profile allows so many of them"


def signature(call: Call) -> Any:
    """What a compiler would have to compile anew."""
    arrays = tuple((name, array.shape) for name, array in call.arrays.items())
    numbers = tuple(sorted((name, repr(value)) for name, value in call.numbers.items()))
    dtypes = (call.dtype, tuple(sorted(call.dtypes.items())), call.python)
    form = (call.path, call.reduction, call.gradient, dtypes, call.layout, call.squared)
    along = None if call.cotangent is None else call.cotangent.shape
    return (form, call.derivative, arrays, numbers, along)
