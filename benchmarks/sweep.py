"""Large batches of five finite regimes, for as long as they are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance.cases.parameters import tokens_of
from conformance.cases.recipe import Recipe, Tokens
from conformance.cases.roles import has_classes
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Loss

REGIMES = ("typical", "wide", "tails", "thresholds", "cancelling")
ROWS, CLASSES = 100, 10
ELEMENTS = 1000


def rounds(loss: Loss) -> Iterator[list[Recipe]]:
    """Every dtype and regime, a round with each reduction and parameter token in turn.

    The odd rounds state nothing and reduce nothing: most comparisons are of plain losses.
    """
    reductions = itertools.cycle(loss.reductions)
    parameters = itertools.cycle(_parameters(loss))
    for number in itertools.count(1):
        plain = number % 2 == 1
        reduction = "none" if plain else next(reductions)
        tokens: Tokens = () if plain else next(parameters)
        yield [
            _recipe(loss, dtype, regime, reduction, tokens, number)
            for dtype in FORMATS
            for regime in REGIMES
        ]


def _parameters(loss: Loss) -> list[Tokens]:
    """No parameter, then each token of each, alone."""
    stated = [((name, token),) for name in loss.parameters for token in tokens_of(loss, name)]
    return [(), *stated]


def _recipe(
    loss: Loss, dtype: str, regime: str, reduction: str, tokens: Tokens, seed: int
) -> Recipe:
    classes = CLASSES if has_classes(loss) else None
    # two axes where there are no classes: what a convention does with the last one shows
    batch = (ROWS,) if classes else (ELEMENTS // CLASSES, CLASSES)
    return Recipe(loss.id, dtype, regime, batch, classes, reduction, tokens, seed)
