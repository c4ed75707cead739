"""Options are drawn together: how many pairs and triples of them a quick and a default draw hold."""

from __future__ import annotations

import itertools
from functools import cache

import pytest

from conformance.cases.drawing import draw
from conformance.cases.options import ABSENT, options_of
from conformance.engine.request import PROFILES
from tests.cases.losses import LOSSES

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
REGIME, AXES, CLASSES = "regime", "axes", "classes"
SEEDS = (0, 1)


def kind(loss, factor, option):
    """Of a parameter only whether it does anything: its default and weights of one do nothing."""
    if factor[0] != "=":
        return option
    idle = {ABSENT, "ones", str(loss.parameters[factor[1:]].default).lower()}
    return ABSENT if option in idle else "stated"


def classes_of(recipe):
    if recipe.classes is None:
        return "none"
    return "two" if recipe.classes == 2 else "few" if recipe.classes <= 10 else "many"


def row(recipe, loss):
    stated = dict(recipe.parameters)
    names = ("single", "vector", "matrix", "cube")
    found = {
        REGIME: recipe.regime,
        "reduction": recipe.reduction,
        AXES: names[len(recipe.batch)],
        CLASSES: classes_of(recipe),
    }
    tokens = {f"={name}": stated.get(name, ABSENT) for name in loss.parameters}
    return {**found, **{name: kind(loss, name, token) for name, token in tokens.items()}}


def groups(loss, size):
    """Every combination of kinds of that many factors, by factors."""
    factors = options_of(loss).factors
    kinds = {name: {kind(loss, name, text) for text in factors[name]} for name in factors}
    return {
        names: set(itertools.product(*(kinds[name] for name in names)))
        for names in itertools.combinations(factors, size)
    }


@cache
def rows_of(name, profile, seed):
    loss, depth = LOSSES[name], PROFILES[profile]
    recipes = draw(loss, "float32", depth.drawn, seed, largest=depth.largest)
    return [row(recipe, loss) for recipe in recipes]


def missed(loss, profile, seed, size):
    """Combinations that no recipe of the profile has, beside how many there are, by factors."""
    rows, found = rows_of(loss.id, profile, seed), {}
    for names, wanted in groups(loss, size).items():
        met = {tuple(each[name] for name in names) for each in rows}
        found[names] = (len(wanted - met), len(wanted))
    return found


def share_missed(found, without=()):
    counts = [each for names, each in found.items() if not set(names) & set(without)]
    return sum(gone for gone, _ in counts) / max(sum(whole for _, whole in counts), 1)


@MANY
@pytest.mark.parametrize("seed", SEEDS)
def test_a_quick_draw_holds_every_pair_but_those_that_it_has_too_few_recipes_for(loss, seed):
    found = missed(loss, "quick", seed, 2)
    assert share_missed(found, without=(REGIME,)) == 0
    assert share_missed(found) <= 0.13  # 16 regimes on 4 numbers of axes are 64 pairs


@MANY
@pytest.mark.parametrize("seed", SEEDS)
def test_a_default_draw_holds_every_pair_and_the_triples(loss, seed):
    assert share_missed(missed(loss, "default", seed, 2)) == 0
    triples = missed(loss, "default", seed, 3)
    assert share_missed(triples, without=(REGIME,)) == 0
    assert share_missed(triples) <= 0.03  # 192 of them need a regime, axes and a reduction


def test_what_is_missed_is_counted():
    """The count itself: three recipes hold few pairs."""
    loss = LOSSES["cross_entropy"]
    rows = rows_of("cross_entropy", "quick", 0)[:3]
    names = (REGIME, "reduction")
    assert len({tuple(each[name] for name in names) for each in rows}) == 3
    assert len(groups(loss, 2)[names]) > 30
