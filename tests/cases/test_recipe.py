from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.recipe import CaseTextError, Recipe

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TOKENS = st.sampled_from(["typical", "some-zero.last", "0.1", "-100", "1e-07", "last", "true"])
RECIPES = st.builds(
    Recipe,
    loss=NAMES,
    dtype=st.sampled_from(["float64", "bfloat16"]),
    regime=st.sampled_from(["typical", "one-big"]),
    batch=st.lists(st.integers(0, 2000), max_size=3).map(tuple),
    classes=st.none() | st.integers(0, 1000),
    reduction=NAMES,
    parameters=st.lists(st.tuples(NAMES, TOKENS), max_size=3).map(tuple),
    seed=st.integers(0, 10**9),
    element=st.none() | st.integers(0, 10**6),
)


@given(RECIPES)
def test_a_recipe_is_read_back_from_its_text(recipe):
    assert Recipe.parse(recipe.text()) == recipe


@given(RECIPES)
def test_a_shell_reads_nothing_into_the_text(recipe):
    assert shlex.quote(recipe.text()) == recipe.text()


def test_the_text_is_short_and_readable():
    recipe = Recipe(
        "cross_entropy", "float32", "tails", (17,), 3, "mean", (("weight", "typical"),), 123, 4
    )
    assert recipe.text() == "cross_entropy/float32/tails/17x3c/mean/weight=typical/s123/e4"
    assert recipe.whole().text() == "cross_entropy/float32/tails/17x3c/mean/weight=typical/s123"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mse/float32/wide/3/none/-", "6 words between slashes"),
        ("mse/float32/wide/3/none/-/5", "'5'"),
        ("mse/float32/wide/3x/none/-/s5", "'3x'"),
        ("mse/float32/wide/3/none/weight/s5", "''"),
        ("mse/float32/wide/3/none/-/s5/x1", "'x1'"),
        ("mse/float32/Wide/3/none/-/s5", "'Wide'"),
    ],
)
def test_a_text_that_is_no_recipe_is_refused(text, found):
    with pytest.raises(CaseTextError, match=r"cannot be read") as error:
        Recipe.parse(text)
    assert f"found {found};" in str(error.value)


def test_the_message_says_what_would_be_right():
    with pytest.raises(CaseTextError) as error:
        Recipe.parse("mse/float32/wide/3/none/-/5")
    assert str(error.value) == (
        "case 'mse/float32/wide/3/none/-/5': cannot be read, found '5'; "
        "right would be a seed such as s5"
    )
