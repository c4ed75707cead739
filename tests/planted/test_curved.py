"""Faults behind the first derivative are caught by `forward` and `second-order` alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.engine.row import FORWARD, SECOND_ORDER
from tests.planted.catalogue import Planted, faults, find
from tests.planted.judging import Bench, judged

PROPERTY = {"forward-mode": FORWARD, "second-order": SECOND_ORDER}
"""What finds each kind of mistake."""
BEHIND = [each for each in faults() if each.kind in PROPERTY]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    pytest.importorskip("torch")
    made = Bench()
    yield made
    made.close()


def test_every_loss_that_bends_has_faults_of_both_kinds() -> None:
    kinds = {(each.loss, each.kind) for each in BEHIND}
    assert {(loss, kind) for loss, _ in kinds for kind in PROPERTY} - kinds == {
        ("nll", "second-order")  # it is linear
    }


@pytest.mark.frameworks
@pytest.mark.parametrize("planted", BEHIND, ids=lambda each: each.id)
def test_what_the_first_derivative_does_not_show_is_caught_by_its_property_alone(
    bench: Bench, planted: Planted
) -> None:
    pytest.importorskip(planted.framework)
    found = judged(bench.ready(planted), planted, planted.dtypes[0], "quick")
    due = set() if planted.open else {PROPERTY[planted.kind]}
    assert {fault.property for fault in found} == due


@pytest.mark.frameworks
@pytest.mark.parametrize(
    "name", ["mse:mse_twice_by_hand", "cross_entropy:cross_entropy_twice_by_hand"]
)
def test_derivatives_by_hand_that_are_right_are_not_flagged(bench: Bench, name: str) -> None:
    planted = find(name)
    assert judged(bench.ready(planted), planted, "float32", "quick") == []
