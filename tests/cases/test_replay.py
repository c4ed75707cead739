from __future__ import annotations

import pytest

from conformance.cases.edges import edge_cases, examples
from conformance.cases.generation import build
from conformance.cases.identities import equation
from conformance.cases.invariants.making import relations
from conformance.cases.recipe import CaseTextError
from conformance.cases.rejects import rejects
from conformance.cases.replay import rebuild, split_id
from conformance.cases.sample import cut
from conformance.cases.shrinking import as_given
from tests.cases.losses import LOSSES, drawn

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def assert_comes_back(case):
    again = rebuild(case.id, LOSSES)
    assert (again.id, again.digest()) == (case.id, case.digest())


@MANY
def test_cases_come_back_from_their_ids(loss):
    for recipe in drawn(loss.id, "bfloat16"):
        case = build(recipe, loss)
        assert_comes_back(case)
        assert_comes_back(cut(case, loss, 0))
        assert_comes_back(as_given(cut(case, loss, 0)))


@MANY
def test_cases_of_the_spec_come_back_from_their_ids(loss):
    for each in (
        *examples(loss, "float32"),
        *edge_cases(loss, "float32"),
        *rejects(loss, "float32"),
    ):
        assert_comes_back(each.case)


@MANY
def test_samples_of_other_cases_come_back_from_their_ids(loss):
    written = next(
        each.case for each in edge_cases(loss, "float32") if each.case.cotangent_for(()).size
    )
    given = as_given(build(drawn(loss.id, "float32")[0], loss))
    assert_comes_back(cut(written, loss, 0))
    assert_comes_back(cut(given, loss, 0))


@MANY
def test_both_sides_of_identities_come_back_from_their_ids(loss):
    made = [
        equation(build(recipe, loss), loss, identity, LOSSES)
        for recipe in drawn(loss.id, "float32")
        for identity in loss.identities
    ]
    assert any(made)
    for each in filter(None, made):
        assert_comes_back(each.left)
        assert_comes_back(each.right)


@MANY
def test_the_sides_of_invariants_come_back_from_their_ids(loss):
    seen = set()
    for recipe in drawn(loss.id, "float32"):
        case = build(recipe, loss)
        for invariant in loss.invariants:
            if invariant.name in seen:
                continue
            for found in relations(case, loss, invariant):
                seen.add(invariant.name)
                for side in found.sides:
                    assert_comes_back(side)
    assert seen == {each.name for each in loss.invariants}


def test_the_property_stands_before_the_colon():
    assert split_id("edge-case:mse/float32/far") == ("edge-case", "mse/float32/far")


@pytest.mark.parametrize("case_id", ["mse/float32/far", "mse/float32/with:a"])
def test_an_id_without_a_property_is_refused(case_id):
    with pytest.raises(CaseTextError, match="no property before a colon"):
        split_id(case_id)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("none/float32/far", "the loss 'none'"),
        ("mse/float8/far", "the dtype 'float8'"),
        ("mse", "the dtype ''"),
        ("mse/float32/no-such-case", "the case 'no-such-case'"),
        ("mse/float32/typical/3/none/delta=1/s1", "the parameter 'delta'"),
        ("mse/float32/typical/3/average/-/s1", "the reduction 'average'"),
        ("mse/float32/typical/3/mean/-/s1/=no-such", "the identity 'no-such'"),
        ("mse/float32/odd/3/mean/-/s1", "the regime 'odd'"),
        ("mse/float32/typical/3/mean/weight=heavy/s1", "'heavy'"),
        ("mse/float32/typical/3/mean/-/s1/e3", "has no sample 3"),
        ("mse/float32/typical/3c/mean/-/s1", "a class axis"),
        ("cross_entropy/float32/typical/3/mean/-/s1", "no class axis"),
    ],
)
def test_an_id_that_means_nothing_is_refused(text, found):
    with pytest.raises(CaseTextError) as error:
        rebuild(text, LOSSES)
    assert found in str(error.value)
