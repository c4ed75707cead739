"""An honest answer is found wrong nowhere: the other half of every planted fault."""

from __future__ import annotations

import pytest

from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.properties import MAKERS
from conformance.engine.request import PROPERTIES
from tests.engine.honest import LOSSES, block, faults, worked

FRAMEWORKS = ("torch", "keras", "tensorflow", "optax")
OWN = [name for name in PROPERTIES if name in MAKERS]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("loss", list(LOSSES))
def test_the_truth_rounded_once_has_no_fault(framework: str, loss: str) -> None:
    dtype = "bfloat16" if framework == "keras" else "float32"
    of = block(loss, dtype, framework)
    if of.binding.absent is not None:
        pytest.skip(of.binding.absent)
    cases = [build(recipe, LOSSES[loss]) for recipe in draw(LOSSES[loss], dtype, 12, 0, largest=64)]
    for name in OWN:
        book = worked(of, name, cases)
        assert faults(book) == set(), (name, [fault.note for fault in book.faults][:3])
        assert {tally.verdict() for tally in book.tallies.values()} <= {"pass", "n/a"}
