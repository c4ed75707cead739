"""Batches of every regime, dtype, reduction and parameter, for as long as they are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance.cases.parameters import tokens_of
from conformance.cases.recipe import Recipe, Tokens
from conformance.cases.roles import has_classes, regimes_of
from conformance.numerics.formats import FORMATS
from conformance.specs.models import Loss

ROWS, CLASSES = 200, 10


def rounds(loss: Loss, first: int = 1) -> Iterator[tuple[int, list[Recipe]]]:
    """Numbered from `first`: every dtype and regime, each reduction and parameter token in turn.

    The odd rounds state nothing and reduce nothing: most comparisons are of plain losses.
    """
    reductions, parameters = list(loss.reductions), _parameters(loss)
    for number in itertools.count(first):
        turn, plain = divmod(number, 2)
        reduction = "none" if plain else reductions[turn % len(reductions)]
        tokens: Tokens = () if plain else parameters[turn % len(parameters)]
        yield (
            number,
            [
                _recipe(loss, dtype, regime, reduction, tokens, number)
                for dtype in FORMATS
                for regime in regimes_of(loss)
            ],
        )


def _parameters(loss: Loss) -> list[Tokens]:
    """No parameter, then each token of each, alone."""
    stated = [((name, token),) for name in loss.parameters for token in tokens_of(loss, name)]
    return [(), *stated]


def _recipe(
    loss: Loss, dtype: str, regime: str, reduction: str, tokens: Tokens, seed: int
) -> Recipe:
    classes = CLASSES if has_classes(loss) else None
    # two axes where there are no classes: what a convention does with the last one shows
    batch = (ROWS,) if classes else (ROWS, CLASSES)
    return Recipe(loss.id, dtype, regime, batch, classes, reduction, tokens, seed)
