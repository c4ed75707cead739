"""The cases of a batch: built when they are looked at, the same ones each time."""

from __future__ import annotations

from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.engine.batch import Built, drawn
from conformance.engine.book import digest_of_cases
from conformance.engine.request import PROFILES, Request
from conformance.targets.target import Target
from tests.engine.honest import LOSSES

MSE = LOSSES["mse"]


def test_a_batch_has_the_cases_that_its_recipes_give() -> None:
    request = Request(("mse",), (Target.parse("torch"),), profile="default")
    depth = PROFILES["default"]
    batch = drawn(request, MSE, "float32")
    recipes = draw(MSE, "float32", depth.drawn, 0, largest=depth.largest)
    assert [case.id for case in batch.cases] == [recipe.text() for recipe in recipes]
    assert batch.digest == digest_of_cases(build(recipe, MSE) for recipe in recipes)
    first = batch.cases[:3]
    assert [case.id for case in first] == [recipe.text() for recipe in recipes[:3]]
    assert first[2].digest() == batch.cases[2].digest()


def test_a_case_is_built_when_it_is_looked_at_and_not_before() -> None:
    made: list[str] = []

    def making(recipe: Recipe):  # type: ignore[no-untyped-def]
        made.append(recipe.text())
        return build(recipe, MSE)

    recipes = draw(MSE, "float32", 10, 0)
    cases = Built(recipes, making)[2:8]
    assert len(cases) == 6
    assert made == []
    assert cases[1].id == recipes[3].text()
    assert made == [recipes[3].text()]
