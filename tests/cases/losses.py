"""The losses of this repository, for tests that must hold for each of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conformance.cases.drawing import draw
from conformance.cases.recipe import Recipe
from conformance.numerics.formats import FORMATS
from conformance.specs.library import load_loss, loss_files
from conformance.specs.models import Loss

LOSSES: dict[str, Loss] = {
    path.stem: load_loss(path) for path in loss_files(Path(__file__).parents[2] / "spec")
}
DTYPES = tuple(FORMATS)


@cache
def drawn(loss: str, dtype: str, count: int = 60) -> tuple[Recipe, ...]:
    return tuple(draw(LOSSES[loss], dtype, count, seed=7))
