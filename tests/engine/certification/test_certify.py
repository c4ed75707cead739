"""The certification counts what it compares, and catches faults planted in the reference."""

from __future__ import annotations

import pytest

from conformance.engine.certification import certify as module
from conformance.engine.certification.agreement import VALUE
from conformance.engine.certification.calls import Part, drawn, parts, swept
from conformance.engine.certification.certify import Tally, certification, certify, stale
from conformance.oracle import PrecisionError
from conformance.results.certification import read_certification
from conformance.specs.library import load_library
from reference import PROGRAMS
from tests.reference.test_planted_faults import FAULTS

LOSSES = load_library().losses
REMEDY = "run `conformance certify -o reports/certification.json` and commit the file"
OF_MEANING = {
    "softmax-before-its-log", "ignored-counted", "ignored-not-dropped", "weights-not-in-the-mean",
    "mean-of-nothing-is-zero", "smoothing-over-one-less", "smoothing-on-top",
    "infinite-logits-not-tamed", "log-of-p-plus-eps", "log-of-one-minus-p", "zero-times-infinity",
    "two-logs-around-a-half", "no-slope-by-pos-weight", "entropy-left-out",
    "target-always-in-log-space", "batchmean-over-everything", "kink-of-one", "weight-twice",
    "no-denominator", "mean-over-one-more",
}  # fmt: skip
"""The others cost accuracy alone, which widens a program's own bound: test_planted_faults has them."""


def tally_of(id: str, program=None) -> Tally:
    return Tally(LOSSES[id], program or PROGRAMS[id])


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.name in OF_MEANING], ids=lambda fault: fault.name
)
def test_a_fault_of_meaning_is_caught(fault):
    id = fault.losses[0]
    tally = tally_of(id, fault.program(id))
    for part in parts(LOSSES[id], 1, 0):
        tally.examine(part.trials())
        if tally.findings:
            break
    assert tally.certified().outside > 0
    assert f"{id}/" in str(tally.findings[0])


def test_all_faults_of_meaning_are_planted():
    assert len(OF_MEANING) >= 12
    assert {fault.name for fault in FAULTS} > OF_MEANING


def test_every_part_of_a_loss_is_counted_once():
    work = list(parts(LOSSES["mse"], 2, 5))
    tally = tally_of("mse")
    assert list(certify(work, {"mse": tally})) == work
    assert len({(part.make, part.seed) for part in work}) == len(work) == 11
    trials = sum(1 for part in work for _ in part.trials())
    assert sum(row.calls for row in tally.rows.values() if row.quantity == VALUE) == trials
    assert {quantity for quantity, _ in tally.rows} == {"value", "prediction", "target", "weight"}
    assert {"typical", "extremes", "largest", "shapes", "nan", "edge-cases"} <= {
        regime for _, regime in tally.rows
    }


@pytest.mark.parametrize("make", [swept, drawn], ids=lambda make: make.__name__)
def test_a_seed_gives_the_same_calls_again_and_another_one_others(make):
    def inputs(seed):
        return [
            [array.tobytes() for array in trial.call.inputs.values()]
            for trial in Part(LOSSES["l1"], make, seed).trials()
        ]

    assert inputs(3) == inputs(3) != inputs(4)


def test_a_call_that_the_oracle_leaves_open_is_told_and_not_counted(monkeypatch):
    def undecided(*_, **__):
        raise PrecisionError("the order of a and b is open")

    monkeypatch.setattr(module, "truth_of", undecided)
    tally = tally_of("l1")
    tally.examine(list(Part(LOSSES["l1"], swept, 0).trials())[:1])
    assert (tally.undecided, tally.rows) == (1, {})
    assert "the order of a and b is open" in str(tally.findings[0])


def test_a_share_is_never_rounded_down():
    assert module._upwards(0.97541) == 0.9755
    assert module._upwards(0.9754) == 0.9754


def test_another_spec_or_reference_makes_a_certification_stale(monkeypatch):
    made = certification([tally_of("l1")], seed=0, count=1)
    assert stale(made, {"l1": LOSSES["l1"]}) == []
    assert stale(made, LOSSES)[0].startswith("the loss ")
    changed = LOSSES["l1"].model_copy(update={"summary": "Another one."})
    assert stale(made, {"l1": changed}) == ["the spec of l1 is another one than the certified"]
    monkeypatch.setattr(module, "reference_digest", lambda: "other")
    assert stale(made, {}) == ["the texts of the reference differ from those that were certified"]


def test_the_committed_certification_is_of_this_state():
    committed = read_certification()
    assert committed is not None, REMEDY
    assert stale(committed, LOSSES) == [], REMEDY


def test_the_committed_certification_found_nothing_outside_a_bound():
    committed = read_certification()
    assert committed is not None
    for name, loss in committed.losses.items():
        assert (loss.outside, loss.undecided) == (0, 0), name
        assert 0.0 < loss.share <= 1.0
        assert loss.elements > 10_000
