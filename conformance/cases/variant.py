"""A case that is asked for in another way: the same numbers, under an id of its own."""

from __future__ import annotations

from dataclasses import replace

from conformance.cases.case import Case
from conformance.cases.recipe import Recipe
from conformance.cases.roles import has_classes
from conformance.specs.models import Loss

#: Begins the last word of the id, which says what is different.
MARK = "+"
CLASSES = 5


def variant(case: Case, word: str) -> Case:
    """The case under the id that names the way."""
    return replace(case, id=f"{case.id}/{MARK}{word}")


def base_of(text: str) -> str:
    """The id without the way."""
    return text.partition(f"/{MARK}")[0]


def plain_recipe(
    loss: Loss, dtype: str, batch: tuple[int, ...], reduction: str, classes: int = CLASSES
) -> Recipe:
    """Typical numbers in a shape, every parameter at its default."""
    width = classes if has_classes(loss) else None
    return Recipe(loss.id, dtype, "typical", batch, width, reduction, (), 0)
