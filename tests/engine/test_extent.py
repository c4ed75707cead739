"""Which of the failing cases are the spec's own."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.cases.cotangent import Cotangents
from conformance.engine.book import Fault
from conformance.engine.extent import extent_of


def fault_of(id: str) -> Fault:
    """A departure in words, on a case without inputs."""
    case = Case(id, "mse", "float32", {}, {}, "none", Cotangents(id, "float32", ones=True))
    call: Any = None  # nobody asks for it
    return Fault("value", "exception", case, call, "it raised", actual="OSError: not today")


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["mse/float32/two-infinities", "mse/float32/nan"], ("two-infinities", "nan")),
        (["mse/float32/typical/3/none/-/s0"], ()),
        (["mse/float32/typical/3/none/-/s0/=additive-over-batch.halves"], ()),
        (["mse/float32/typical/3/none/-/s0/+transposed"], ()),
        (["mse/float32/given/prediction=0x1p+0,target=0x1p+0/none/-"], ()),
        (["mse/float32/nan", "mse/float32/typical/3/none/-/s0"], ()),
    ],
)
def test_only_the_cases_of_the_spec_have_names(ids: list[str], names: tuple[Any, ...]) -> None:
    faults = [fault_of(each) for each in ids]
    assert extent_of(faults[0], faults).written == names
