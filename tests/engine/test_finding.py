from __future__ import annotations

import shlex
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.replay import rebuild, split_id
from conformance.engine.book import Fault
from conformance.engine.finding import findings
from conformance.results.cell import Finding
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from tests.engine.honest import LOSSES, Spoil, block, case, changed, one_off, worked

CASES = [case(f"mse/float32/typical/{size}/none/-/s3") for size in ("33", "7", "9", "17x2")]


def found(spoil: Spoil, name: str = "value") -> list[Finding]:
    def itself(fault: Fault) -> Fault:
        return fault

    book = worked(block("mse"), name, CASES, spoil)
    return findings(book.faults, "torch==2.13.0@cpu", itself)


def wrong(call: Call, was: Outcome) -> Outcome:
    assert was.value is not None
    return replace(was, value=changed(was.value, one_off))


def negated(call: Call, was: Outcome) -> Outcome:
    return replace(was, gradients={n: changed(g, np.negative) for n, g in was.gradients.items()})


def test_one_cause_is_one_finding_on_its_smallest_case() -> None:
    (finding,) = found(wrong)
    assert (finding.kind, finding.property) == ("value", "value")
    assert finding.case == "value:mse/float32/typical/7/none/-/s3"
    assert finding.cases == len(CASES)
    assert (finding.mismatched, finding.of, finding.index) == (1, 7, (0,))
    sizes = [split_id(example.case)[1].split("/")[3] for example in finding.smallest]
    assert sizes == ["7", "9", "33"]


def test_a_finding_says_what_was_due_what_came_and_how_far_off_it_is() -> None:
    (finding,) = found(wrong)
    assert finding.actual == pytest.approx(1.5 * finding.expected)
    assert float.fromhex(finding.actual_hex) == finding.actual
    assert finding.error_ulp is not None
    assert finding.bound is not None
    assert finding.error_ulp > finding.bound
    assert finding.share is not None
    assert finding.share > 1
    assert set(finding.inputs) == set(finding.hex) == {"prediction", "target"}


def test_gradients_are_told_apart_by_their_input() -> None:
    both = found(negated)
    assert len({finding.id for finding in both}) == 2
    assert ["prediction, " in each.snippet or "(loss, prediction" in each.snippet for each in both]
    assert {finding.kind for finding in both} == {"gradient"}


def test_a_snippet_is_python_without_this_suite() -> None:
    (finding,) = found(wrong)
    compile(finding.snippet, "snippet", "exec")
    assert "torch.nn.functional.mse_loss(" in finding.snippet
    assert "conformance" not in finding.snippet


@pytest.mark.parametrize("spoil", [wrong, negated])
@pytest.mark.parametrize("name", ["value", "module", "reduction", "edge-case"])
def test_a_replay_line_names_a_case_that_can_be_rebuilt(name: str, spoil: Spoil) -> None:
    for finding in found(spoil, name):
        words = shlex.split(finding.replay)
        assert words[:2] == ["conformance", "replay"]
        assert words[3:] == ["-t", "torch==2.13.0@cpu"]
        property, text = split_id(words[2])
        assert property == finding.property
        assert rebuild(text, LOSSES).loss == "mse"


def test_a_snippet_shows_what_the_finding_says() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    (finding,) = found(wrong)
    space: dict[str, object] = {"print": lambda value: space.update(printed=value)}
    exec(finding.snippet, space)
    printed = space["printed"]
    assert isinstance(printed, torch.Tensor)
    assert printed.shape == (7,)
    assert float(printed.detach()[0]) == pytest.approx(finding.expected, rel=1e-6)


def test_a_wrong_class_has_no_distance_and_no_bound() -> None:
    def hidden(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        return replace(was, value=changed(was.value, lambda values: values * np.nan))

    (finding,) = found(hidden)
    assert finding.kind == "nan"
    assert (finding.error_ulp, finding.share, finding.bound) == (None, None, None)
