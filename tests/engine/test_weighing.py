"""The invariants of the specs hold of the oracle and of the reference, and only they do."""

from __future__ import annotations

from functools import cache
from typing import get_args

import numpy as np
import pytest

from conformance import oracle
from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.invariants.making import MAKERS, relations
from conformance.cases.relation import Claim, Relation, Term
from conformance.engine.judge import Held
from conformance.engine.weighing import Weighing, inputs_of
from conformance.numerics.formats import FORMATS, Floats, round_to
from conformance.specs.models import Invariant, InvariantId, Loss
from tests.cases.losses import LOSSES, drawn
from tests.engine.honest import block, case

EACH = [(loss, each.name) for loss in LOSSES for each in LOSSES[loss].invariants]


def held(case: Case) -> Held:
    return block(case.loss, case.dtype).held(case, norm=True)


def weighed(found: Relation) -> Weighing:
    sides = tuple(held(each) for each in found.sides)
    cotangents = tuple(each.case.cotangent_for(each.value().shape) for each in sides)
    return Weighing(found, sides, cotangents)


@cache
def made(loss: str, name: str, count: int, dtype: str = "float32") -> list[Relation]:
    """Relations of an invariant on drawn cases that are short enough for the oracle."""
    (invariant,) = [each for each in LOSSES[loss].invariants if each.name == name]
    found: list[Relation] = []
    for recipe in drawn(loss, dtype, 90):
        case = build(recipe, LOSSES[loss])
        if len(found) < count and sum(each.size for each in case.inputs.values()) <= 120:
            found += relations(case, LOSSES[loss], invariant)
    return found


@pytest.mark.parametrize(("loss", "name"), EACH, ids=lambda each: each)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_the_reference_keeps_every_invariant(loss: str, name: str, dtype: str) -> None:
    found = made(loss, name, 4, dtype)
    assert found or (name, dtype) == ("same-in-every-dtype", "float64")
    for each in found:
        weighing = weighed(each)
        if np.isnan(weighing.truth(0, None)).any():
            continue  # a mean of nothing
        assert all(weighing.kept(claim) for claim in each.claims), each.sides[0].id


@pytest.mark.parametrize(("loss", "name"), EACH, ids=lambda each: each)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_correctly_rounded_results_keep_every_invariant(loss: str, name: str, dtype: str) -> None:
    for each in made(loss, name, 12, dtype):
        weighing = weighed(each)
        if np.isnan(weighing.truth(0, None)).any():
            continue  # a mean of nothing
        for claim in each.claims:
            rounded = [
                round_to(weighing.truth(side, input), weighing.held[side].form)
                for side, input in inputs_of(claim)
            ]
            assert not weighing.gap(claim, rounded).over.any(), (each.sides[0].id, claim.input)


def test_a_slope_that_the_programs_divide_zero_by_zero_for_is_held_to_the_best_one() -> None:
    """torch's (p - y) / ((1 - p) p) says nothing where p = y = 1, and -1 / p is due."""
    asked = case("binary_cross_entropy/float16/thresholds/9x9/none/weight=spread/s1")
    (invariant,) = [
        each for each in LOSSES[asked.loss].invariants if each.name == "same-in-every-dtype"
    ]
    (found,) = relations(asked, LOSSES[asked.loss], invariant)
    (claim,) = [each for each in found.claims if each.input == "probabilities"]
    weighing, form = weighed(found), FORMATS["float16"]
    wide = weighing.truth(1, "probabilities")
    assert ((asked.inputs["probabilities"] == 1) & (asked.inputs["target"] == 1)).any()
    assert not weighing.gap(claim, [round_to(wide, form), wide]).over.any()
    off = round_to(wide * (1.0 + 2.0**-4), form)
    assert weighing.gap(claim, [off, wide]).over.any()


def enclosed(case: Case, cotangent: Floats, input: str | None) -> oracle.Enclosures:
    loss = LOSSES[case.loss]
    given = {**case.parameters}
    if input is None:
        return oracle.evaluate(loss, case.inputs, given, case.reduction)
    return oracle.derivatives(loss, case.inputs, given, case.reduction, cotangent=cotangent)[input]


def proved(found: Relation, claim: Claim, weighing: Weighing) -> bool:
    """Whether the oracle's enclosures of the sides do not exclude the claim."""
    balls = [
        enclosed(found.sides[side], np.asarray(weighing.cotangents[side]), name)
        for side, name in inputs_of(claim)
    ]
    middle = [oracle.midpoints(each) for each in balls]
    gap = weighing.gap(claim, middle)
    rounded = [
        oracle.radii(each) + 2.0**-52 * np.abs(m) for each, m in zip(balls, middle, strict=True)
    ]
    shares = [weighing.factor(each) for each in claim.terms]
    allowed = claim.move(rounded[0]) + sum(
        abs(share) * np.asarray(term.move(each))
        for share, term, each in zip(shares, claim.terms, rounded[1:], strict=True)
    )
    return bool(np.all((gap.apart <= 4.0 * allowed + 1e-320) | ~np.isfinite(allowed)))


@pytest.mark.parametrize(("loss", "name"), EACH, ids=lambda each: each)
def test_the_oracle_keeps_every_invariant(loss: str, name: str) -> None:
    for each in made(loss, name, 2):
        weighing = weighed(each)
        for claim in each.claims:
            assert proved(each, claim, weighing), (each.sides[0].id, claim.input)


@pytest.mark.parametrize("id", get_args(InvariantId))
def test_there_is_a_maker_for_every_invariant_that_a_spec_can_name(id: str) -> None:
    assert {id, f"{id}-over-batch"} & MAKERS.keys()


def wrong(loss: Loss, name: str, **changes: object) -> list[Relation]:
    """Relations of an invariant that the loss does not have."""
    invariant = Invariant.model_validate({"id": name, "text": "It is so.", **changes})
    shape = "5x4c" if loss.id == "nll" else "4x3"
    asked = case(f"{loss.id}/float32/typical/{shape}/none/-/s1")
    return [*relations(asked, loss, invariant)]


@pytest.mark.parametrize(
    ("loss", "name", "changes"),
    [
        ("mse", "homogeneous", {"degree": 1}),
        ("nll", "shift-invariant", {}),
        ("kl_divergence", "non-negative", {}),
        ("kl_divergence", "symmetric", {}),
        ("mse", "zero-at-target", None),
    ],
)
def test_what_is_not_so_is_not_kept(
    loss: str, name: str, changes: dict[str, object] | None
) -> None:
    if changes is None:  # one that is so, to show that the others can be told from it
        assert all(weighed(each).kept(c) for each in wrong(LOSSES[loss], name) for c in each.claims)
        return
    found = wrong(LOSSES[loss], name, **changes)
    assert found
    assert not all(weighed(each).kept(claim) for each in found for claim in each.claims)


def relation_of(loss: str, name: str) -> Relation:
    return made(loss, name, 1)[0]


def test_a_gap_is_weighed_by_the_bounds_of_both_sides() -> None:
    found = relation_of("cross_entropy", "shift-invariant")
    weighing, claim = weighed(found), found.claims[0]
    truth = [weighing.truth(side, None) for side in (0, 1)]
    moved = [truth[0] * (1 + 1e-3) + 1e-3, truth[1]]
    gap = weighing.gap(claim, moved)
    assert gap.over.all()
    assert (gap.allowed > 0).all()
    near = [np.nextafter(np.float32(truth[0]), 9).astype(float), truth[1]]
    assert not weighing.gap(claim, near).over.any()


@pytest.mark.parametrize(
    ("sense", "by", "over"),
    [("<=", 1.0, True), ("<=", -1.0, False), (">=", 1.0, False), (">=", -1.0, True)],
)
def test_an_inequality_is_broken_on_one_side_only(sense: str, by: float, over: bool) -> None:
    found = relation_of("mse", "symmetric")
    claim = Claim(None, (Term(),), sense=sense)  # type: ignore[arg-type]
    weighing = weighed(found)
    value = weighing.truth(1, None)
    assert weighing.gap(claim, [value + by * (1.0 + abs(value)), value]).over.all() == over
