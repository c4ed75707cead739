"""Faults that show between calls only are caught by `invariant`, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.planted.catalogue import find
from tests.planted.judging import Bench, judged

CAUSES = {
    "minus_one_is_no_mark": {"ignored-is-removed", "ignored-is-irrelevant"},
    "mark_past_the_classes_is_the_last": {"ignored-is-removed", "ignored-is-irrelevant"},
    "full_last_vector_left_out": {"additive-over-batch"},
    "long_batch_in_bfloat16": {"additive-over-batch"},
    "chunks_weigh_alike": {"additive-over-batch"},
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    pytest.importorskip("torch")
    made = Bench()
    yield made
    made.close()


@pytest.mark.frameworks
@pytest.mark.parametrize("name", CAUSES)
def test_what_shows_between_calls_is_caught_by_invariants_alone(bench: Bench, name: str) -> None:
    planted = find(f"cross_entropy:{name}")
    found = judged(bench.ready(planted), planted, "float32", "quick")
    assert {fault.property for fault in found} == {"invariant"}
    assert CAUSES[name] <= {fault.cause for fault in found}
