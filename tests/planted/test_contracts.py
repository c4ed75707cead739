"""Faults that tensors of one dtype with axes do not show are caught by `contract` alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.planted.catalogue import find
from tests.planted.judging import Bench, judged

ROWS = {
    "l1:integer_target_truncates": "integer-target",
    "l1:list_in_default_dtype": "target-as-list",
    "mse:narrows_a_wider_target": "target-in-float64",
    "mse:two_dtypes_in_float32": "target-in-float64",
    "nll:numpy_gradient_to_indices": "gradient-of-integers",
    "cross_entropy:squeezes_every_axis": "size-one-axis",
    "cross_entropy:byte_labels_as_signed": "target-in-int32",
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    pytest.importorskip("torch")
    made = Bench()
    yield made
    made.close()


@pytest.mark.frameworks
@pytest.mark.parametrize("id", ROWS)
def test_what_one_dtype_with_axes_does_not_show_is_caught_by_the_contract_alone(
    bench: Bench, id: str
) -> None:
    planted = find(id)
    found = judged(bench.ready(planted), planted, planted.dtypes[0], "quick")
    assert {fault.property for fault in found} == {"contract"}
    assert ROWS[id] in {fault.case.id.rpartition("+")[2] for fault in found}


@pytest.mark.frameworks
def test_a_number_that_comes_back_as_a_vector_is_caught(bench: Bench) -> None:
    planted = find("l1:single_number_as_vector")
    found = judged(bench.ready(planted), planted, "float32", "quick")
    assert ("contract", "shape") in {(fault.property, fault.kind) for fault in found}
