"""The options of a recipe for one loss, factor by factor, the simplest first; and its sizes."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from conformance.cases.parameters import tokens_of
from conformance.cases.recipe import Recipe
from conformance.cases.roles import has_classes, regimes_of
from conformance.cases.streams import Shape
from conformance.specs.models import Loss

#: The option of a parameter that the recipe does not state.
ABSENT = "-"

# Around powers of two, where vectors, unrolled loops and blocks of sums end; then a few long ones.
SIZES = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 65)
_LONG_SIZES = (127, 128, 255, 257, 500, 1000)
_SIZE_TABLE = (*SIZES * 6, *_LONG_SIZES)
_TRAILING = tuple(itertools.product((2, 1, 3, 5, 8), repeat=2))

#: Batch shapes by their number of axes; `single` is one sample without a batch axis.
_AXES = {"vector": 1, "matrix": 2, "cube": 3, "single": 0}

# Rare: one class, where softmax is constant, and a thousand, where sums are long.
_CLASSES = {"few": (3, 5, 10) * 5 + (1,), "two": (2,), "many": (33, 100) * 7 + (1000,)}
NO_CLASSES = "none"

#: Seeds of recipes; small enough to read aloud.
SEEDS = 1_000_000


@dataclass(frozen=True)
class Options:
    """What each factor of a loss's recipes can be. A factor that is a parameter's has its name."""

    factors: dict[str, tuple[str, ...]]
    parameters: tuple[str, ...]


def options_of(loss: Loss) -> Options:
    """The factors of a loss: regime, reduction, axes, classes and one for each parameter."""
    classes = has_classes(loss)
    factors = {
        "regime": regimes_of(loss),
        "reduction": tuple(loss.reductions),
        "axes": tuple(axes for axes in _AXES if classes or axes != "single"),
        "classes": tuple(_CLASSES) if classes else (NO_CLASSES,),
    }
    parameters = {
        parameter_factor(name): (ABSENT, *tokens_of(loss, name)) for name in loss.parameters
    }
    return Options({**factors, **parameters}, tuple(loss.parameters))


def parameter_factor(name: str) -> str:
    """The factor of a parameter: marked, as a parameter may be called `classes`."""
    return f"={name}"


def recipe_of(
    loss: str,
    dtype: str,
    row: dict[str, str],
    numbers: tuple[int, int, int, int],
    largest: int,
) -> Recipe:
    """The recipe of one option a factor and four free numbers: size, trailing sizes, classes, seed.

    No array of it has more than `largest` elements: classes give way first, then the batch.
    """
    size, trailing, kind, seed = numbers
    classes = None
    if row["classes"] != NO_CLASSES:
        table = _CLASSES[row["classes"]]
        classes = min(table[kind % len(table)], largest)
    shape = (_SIZE_TABLE[size % len(_SIZE_TABLE)], *_TRAILING[trailing % len(_TRAILING)])
    stated = [
        (name[1:], token) for name, token in row.items() if name[0] == "=" and token != ABSENT
    ]
    return Recipe(
        loss=loss,
        dtype=dtype,
        regime=row["regime"],
        batch=_within(shape[: _AXES[row["axes"]]], largest // (classes or 1)),
        classes=classes,
        reduction=row["reduction"],
        parameters=tuple(stated),
        seed=seed,
    )


def _within(shape: Shape, largest: int) -> Shape:
    """The shape with trailing sizes, then the first, cut to at most `largest` elements."""
    while len(shape) > 1 and math.prod(shape[1:]) > largest:
        shape = (shape[0], *(max(size // 2, 1) for size in shape[1:]))
    if math.prod(shape) <= largest:
        return shape
    return (max(largest // math.prod(shape[1:]), 1), *shape[1:])
