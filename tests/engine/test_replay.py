"""A finding's id is enough to show it again."""

from __future__ import annotations

import math
from contextlib import ExitStack

import numpy as np
import pytest

from conformance.cases.recipe import CaseTextError
from conformance.cases.replay import split_id
from conformance.engine import known
from conformance.engine.replay import replay
from conformance.engine.request import PROPERTIES, Request
from conformance.engine.run import cells
from conformance.engine.workers import Station, open_stations
from conformance.results.cell import Finding
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import Missing, Target, resolve
from tests.engine.honest import LOSSES, changed, refused, station


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "load_known", lambda target: ())


def shows_again(finding: Finding, of: Station) -> bool:
    made = [found for cell in replay(finding.case, of, LOSSES) for found in cell.findings]
    return any(
        (each.property, each.kind, each.id) == (finding.property, finding.kind, finding.id)
        for each in made
    )


def findings_of(of: Station, loss: str, properties: tuple[str, ...] = PROPERTIES) -> list[Finding]:
    request = Request((loss,), (of.target,), ("float32",), properties)
    return [found for cell in cells(request, LOSSES, [of], []) for found in cell.findings]


FACTORS = {"none": 0.5, "mean": 0.75, "sum": 1.5, "function": 1.0, "module": 3.0, "nll": 5.0}


def wrong_everywhere(call: Call, was: Outcome) -> Outcome:
    """Another factor for each reduction, form and loss: no property is content with it."""
    if was.value is None:
        return refused("Odd")
    words = (call.reduction, call.form, call.binding.loss)
    factor = math.prod(FACTORS.get(word, 1.0) for word in words)
    return Outcome(
        value=changed(was.value, lambda values: values * factor),
        gradients={n: changed(g, np.negative) for n, g in was.gradients.items()},
        mutated=("target",),
    )


def test_every_finding_of_a_run_shows_again_by_its_id() -> None:
    of = station(wrong_everywhere)
    found = findings_of(of, "cross_entropy")
    assert {finding.property for finding in found} >= {
        "value", "gradient", "mutation", "module", "alias",
        "example", "edge-case", "identity", "reduction", "error",
    }  # fmt: skip
    lost = [finding.case for finding in found if not shows_again(finding, of)]
    assert lost == []


def test_a_replay_begins_with_the_property_that_was_asked_for() -> None:
    first, *_ = replay("gradient:mse/float32/typical/3/none/-/s1", station(), LOSSES)
    assert (first.property, first.verdict, first.cases) == ("gradient", "pass", 2)


def test_a_replay_of_a_written_case_runs_that_case_alone() -> None:
    cell = replay("edge-case:l1/float32/largest-against-lowest", station(), LOSSES)[0]
    assert [outcome.id for outcome in cell.outcomes] == ["largest-against-lowest"]


def test_a_replay_of_what_the_target_lacks_says_so() -> None:
    lacking = station(framework="keras")
    (cell,) = replay("value:nll/float32/typical/3x2c/none/-/s1", lacking, LOSSES)
    assert cell.verdict == "n/a"
    assert cell.reason == "Keras takes probabilities or logits, not log-probabilities"


@pytest.mark.parametrize("text", ["value", "value:l3/float32/nan", "value:l1/float32/no-such-case"])
def test_an_id_that_names_no_case_is_refused(text: str) -> None:
    with pytest.raises(CaseTextError):
        replay(text, station(), LOSSES)


@pytest.mark.frameworks
def test_a_real_departure_of_torch_shows_again_by_its_id() -> None:
    target = Target.parse("torch")
    if isinstance(resolve(target), Missing):
        pytest.skip("PyTorch is not installed")
    with ExitStack() as stack:
        (of,), _ = open_stations([target], stack)
        found = findings_of(of, "l1", ("value", "gradient", "edge-case"))
        assert {split_id(finding.case)[0] for finding in found} >= {"gradient", "edge-case"}
        assert all(shows_again(finding, of) for finding in found)
