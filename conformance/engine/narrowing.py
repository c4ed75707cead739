"""Recipes fitted to what a callable offers, so that what it lacks does not cost the other cases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from conformance.cases.recipe import Recipe
from conformance.engine.probe import token_of
from conformance.specs.models import Loss
from conformance.targets.bindings import Binding, batch_key


def narrowed(
    recipes: Sequence[Recipe], binding: Binding, loss: Loss
) -> tuple[list[Recipe], Mapping[str, int]]:
    """The recipes as the callable can take them, each once; and what was left out, counted."""
    left_out: Counter[str] = Counter()
    found: dict[Recipe, None] = {}
    for recipe in recipes:
        fitted, reasons = _fitted(recipe, binding, loss)
        left_out.update(reasons)
        found.setdefault(fitted)
    return list(found), left_out


def _fitted(recipe: Recipe, binding: Binding, loss: Loss) -> tuple[Recipe, list[str]]:
    reasons = []
    kept = []
    for name, token in recipe.parameters:
        if name in binding.unsupported:
            reasons.append(binding.unsupported[name])
        elif name not in binding.held:
            kept.append((name, token))
    kept += [
        (name, token_of(value))
        for name, value in binding.held.items()
        if value != loss.parameters[name].default
    ]
    recipe = replace(recipe, parameters=tuple(kept))
    if recipe.reduction in binding.unsupported and binding.reductions:
        reasons.append(binding.unsupported[recipe.reduction])
        names = list(binding.reductions)
        recipe = replace(recipe, reduction=names[recipe.seed % len(names)])
    key = batch_key(len(recipe.batch))
    if key in binding.unsupported and "batch-of-1-axes" not in binding.unsupported:
        reasons.append(binding.unsupported[key])
        recipe = replace(recipe, batch=(math.prod(recipe.batch),))
    return recipe, reasons
