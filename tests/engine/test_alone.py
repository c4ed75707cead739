"""Each property has a mistake that it alone sees: none of them could be left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.engine.request import EXHAUSTIVE, PROPERTIES, Request
from conformance.engine.run import cells
from tests.engine.alone import ALONE, Mistake
from tests.engine.honest import LOSSES, station
from tests.planted.catalogue import find

ELSEWHERE = {
    "invariant": "tests/engine/test_invariants.py",
    "exhaustive": "tests/engine/test_exhaustive.py",
    "exhaustive-gradient": "tests/engine/test_exhaustive.py",
}
"""Their mistakes stand in tests of their own, which say so in their names."""
ROOT = Path(__file__).parents[2]


def caught(mistake: Mistake) -> set[str]:
    of = station(mistake.spoil)
    request = Request((mistake.loss,), (of.target,), (mistake.dtype,))
    made = cells(request, LOSSES, [of], [])
    return {cell.property for cell in made if cell.verdict in ("fail", "error")}


@pytest.mark.parametrize("name", ALONE)
def test_a_mistake_is_seen_by_one_property_alone(name: str) -> None:
    assert caught(ALONE[name]) == {name}, ALONE[name].text


def test_no_property_is_without_one() -> None:
    assert {*ALONE, *ELSEWHERE} == {*PROPERTIES, *EXHAUSTIVE}
    assert all((ROOT / place).is_file() for place in ELSEWHERE.values())


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("value", "binary_cross_entropy_with_logits:softplus_threshold_low"),
        ("gradient", "kl_divergence:subnormal_target_is_zero"),
        ("cotangent", "mse:gradient_scaled_up"),
        ("weight-gradient", "mse:weight_outside_the_divisor"),
        ("forward", "mse:mse_tangent_of_prediction"),
        ("second-order", "cross_entropy:cross_entropy_slope_kept"),
        ("edge-case", "kl_divergence:zero_times_infinity"),
        ("layout", "l1:reads_memory_order"),
        ("determinism", "binary_cross_entropy_with_logits:scalar_for_one_sample"),
        ("invariant", "cross_entropy:full_last_vector_left_out"),
        ("error", "cross_entropy:target_as_row"),
    ],
)
def test_planted_implementations_tell_the_same(name: str, fault: str) -> None:
    """In the table of the score, which `make score` writes: in the first dtype that shows them."""
    assert told_of(fault) == {name}


@pytest.mark.parametrize(
    ("name", "fault"), [("dtype", "mse:always_float64"), ("shape", "mse:mean_not_scalar")]
)
def test_what_the_contract_asks_of_every_call_is_told_by_nothing_else(
    name: str, fault: str
) -> None:
    assert told_of(fault) == {name, "contract"}


def told_of(fault: str) -> set[str]:
    """The properties that found a planted fault in `quick`."""
    rows = json.loads((ROOT / "reports" / "score.json").read_text("utf-8"))["quick"]
    return set(rows[find(fault).id]["properties"])
