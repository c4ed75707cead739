from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.drawing import draw, strategy
from conformance.cases.recipe import Recipe
from conformance.engine.block import Task
from conformance.engine.book import Book
from conformance.engine.shapes import LEFT_OUT, Budget, coarse, signature, within
from conformance.targets.call import Call
from tests.engine.honest import LOSSES, block, case, unexplained

RECIPES = st.one_of(*(strategy(loss, "float32") for loss in LOSSES.values()))


@given(RECIPES)
def test_a_coarse_recipe_is_coarse_already(recipe: Recipe) -> None:
    once = coarse(recipe)
    assert coarse(once) == once
    assert len(once.batch) == len(recipe.batch)
    assert (once.classes is None) == (recipe.classes is None)


def test_there_are_few_coarse_shapes() -> None:
    for loss in LOSSES.values():
        recipes = [coarse(recipe) for recipe in draw(loss, "float32", 100, 0)]
        assert len({(recipe.batch, recipe.classes) for recipe in recipes}) <= 36


def task(text: str) -> Task:
    asked = case(text)
    call = block(asked.loss).bound(asked)
    assert isinstance(call, Call)
    return Task(text, (call,), lambda book, outcomes: None)


def test_equal_shapes_are_compiled_once() -> None:
    one, other = (
        task(f"mse/float32/{regime}/7/none/-/s3").calls[0] for regime in ("typical", "tails")
    )
    assert signature(one) == signature(other)


def test_other_shapes_reductions_and_parameters_are_compiled_anew() -> None:
    texts = ("7/none/-", "9/none/-", "7/mean/-", "7/none/weight=typical")
    calls = [task(f"mse/float32/typical/{text}/s3").calls[0] for text in texts]
    assert len({signature(call) for call in calls}) == len(texts)


def test_what_the_budget_does_not_admit_is_counted_as_left_out() -> None:
    book = Book("mse", "optax@cpu", "float32", unexplained)
    tasks = [task(f"mse/float32/typical/{size}/none/-/s{size}") for size in (7, 9, 7, 11, 9)]
    kept = [each.case for each in within(Budget(2), iter(tasks), "value", book)]
    assert kept == [tasks[place].case for place in (0, 1, 2, 4)]
    assert book.skipped == {"value": {LEFT_OUT: 1}}
