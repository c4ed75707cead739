from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import Phase, find, settings

from conformance.cases.drawing import draw, strategy
from conformance.cases.options import ABSENT, options_of
from tests.cases.losses import DTYPES, LOSSES, drawn

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)

PRINT = """
import sys
{before}
from conformance.cases.drawing import draw
from tests.cases.losses import LOSSES
for loss in LOSSES.values():
    for recipe in draw(loss, "float32", 40, 7):
        print(recipe.text())
"""


def options_met(recipes):
    met = defaultdict(set)
    for recipe in recipes:
        met["regime"].add(recipe.regime)
        met["reduction"].add(recipe.reduction)
        for name, token in recipe.parameters:
            met[f"={name}"].add(token)
    return met


@MANY
@pytest.mark.parametrize("dtype", DTYPES)
def test_forty_recipes_meet_every_regime_reduction_and_parameter_option(loss, dtype):
    met = options_met(drawn(loss.id, dtype)[:40])
    factors = options_of(loss).factors
    wanted = {name: set(texts) - {ABSENT} for name, texts in factors.items() if texts}
    assert {name: wanted[name] for name in met} == met
    assert met.keys() == wanted.keys() - {"axes", "classes"}


@MANY
def test_a_longer_draw_meets_pairs_of_a_regime_and_another_option(loss):
    recipes = draw(loss, "float32", 250, seed=1)
    regimes = options_of(loss).factors["regime"]
    assert {(r.regime, r.reduction) for r in recipes} == {
        (regime, reduction) for regime in regimes for reduction in loss.reductions
    }
    for name in loss.parameters:
        tokens = {(r.regime, t) for r in recipes for n, t in r.parameters if n == name}
        pairs = len(regimes) * (len(options_of(loss).factors[f"={name}"]) - 1)
        assert len(tokens) >= 0.85 * pairs


@MANY
def test_recipes_are_distinct_and_as_many_as_asked_for(loss):
    recipes = draw(loss, "float64", 250, seed=3)
    assert len(set(recipes)) == len(recipes) == 250
    assert draw(loss, "float64", 0, seed=3) == []


@MANY
def test_two_in_five_recipes_state_no_parameter(loss):
    plain = [recipe for recipe in drawn(loss.id, "float32") if not recipe.parameters]
    assert len(plain) >= 24


@MANY
def test_another_seed_gives_other_recipes(loss):
    one, other = draw(loss, "float32", 30, seed=1), draw(loss, "float32", 30, seed=2)
    assert len(set(one) & set(other)) < 3


@MANY
@pytest.mark.parametrize("largest", [1, 10, 1000])
def test_no_array_has_more_elements_than_allowed(loss, largest):
    for recipe in draw(loss, "float32", 60, seed=1, largest=largest):
        assert math.prod(recipe.batch) * (recipe.classes or 1) <= largest
        assert 0 not in recipe.batch


def test_sizes_and_classes_vary():
    recipes = draw(LOSSES["cross_entropy"], "float32", 400, seed=1)
    assert {2, 3, 5, 10, 33, 100} <= {recipe.classes for recipe in recipes}
    assert {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 65} <= {r.batch[0] for r in recipes if r.batch}
    assert {len(recipe.batch) for recipe in recipes} == {0, 1, 2, 3}
    assert all(recipe.batch for recipe in draw(LOSSES["mse"], "float32", 100, seed=1))


@MANY
def test_the_strategy_shrinks_to_a_typical_case_without_parameters(loss):
    quick = settings(max_examples=50, database=None, deadline=None, phases=list(Phase)[1:-1])
    simplest = find(strategy(loss, "float32"), lambda recipe: True, settings=quick)
    assert (simplest.regime, simplest.parameters, simplest.seed) == ("typical", (), 0)
    assert math.prod(simplest.batch) == 1


def printed(folder: Path, before: str = "", hash_seed: str = "0") -> str:
    """What another process draws, in another folder, with other modules loaded."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}", "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", PRINT.format(before=before)]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_another_process_with_other_modules_draws_the_same(tmp_path):
    """Hypothesis looks for constants in the files of loaded modules; they must not matter."""
    numbers = ", ".join(str(number) for number in range(0, 1_000_000, 997))
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = [{numbers}]\n")
    texts = "".join(
        f"{r.text()}\n" for each in LOSSES.values() for r in draw(each, "float32", 40, 7)
    )
    before = "sys.path.insert(0, '.'); import full_of_numbers"
    assert printed(tmp_path, before, hash_seed="12345") == texts


def test_the_speed_of_drawing_is_recorded(record_property):
    start = time.perf_counter()
    recipes = draw(LOSSES["cross_entropy"], "float32", 300, seed=11)
    record_property("recipes_per_second", round(len(recipes) / (time.perf_counter() - start)))
    assert len(recipes) == 300
