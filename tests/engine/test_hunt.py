"""A hunt climbs to what drawn cases do not meet, and what it finds can be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.cases.replay import rebuild
from conformance.engine.field import MOST_DEATHS, NEARLY
from conformance.engine.hunt import Effort, hunt
from conformance.engine.known import explainer
from conformance.engine.practice import practice_of, reference_of
from conformance.engine.replay import replay
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.standard import Arguments, true_value, value_limits
from conformance.engine.workers import Station
from conformance.numerics.classification import limit
from conformance.numerics.formats import FORMATS, Floats, round_to
from conformance.results.cell import Cell, Climb
from conformance.results.corpus import Corpus, Entry
from conformance.targets.call import Call
from conformance.targets.known import Deviation, Expect, When
from conformance.targets.outcome import Died, Outcome
from tests.engine.honest import (
    LOSSES,
    Fake,
    Spoil,
    block,
    case,
    changed,
    refused,
    station,
    stored,
    unexplained,
    untouched,
    worked,
)

LOSS, DTYPE = "mse", "float32"
CLASSES = "cross_entropy"
PLACE = 5.4321
LITTLE = Effort(recipes=60, steps=20)


def run(of: Station, loss: str = LOSS, **more: object) -> dict[str, Cell]:
    asked = {"properties": ("value", "gradient"), "corpus": {}, **more}
    request = Request((loss,), (of.target,), (DTYPE,), **asked)  # type: ignore[arg-type]
    return {cell.property: cell for cell in cells(request, LOSSES, [of], [])}


def bounded(call: Call, shares: Floats) -> Floats:
    """Off by at most these shares of the bound, or rounded correctly."""
    of = block(call.binding.loss)
    loss, form = of.loss, FORMATS[DTYPE]
    practice = practice_of(of.binding, loss, DTYPE, of.side.profile, {})
    names = {name.replace("-", "_"): text for name, text in practice.choices.items()}
    keywords = {**call.parameters, "reduction": call.reduction, **names}
    given = Arguments(tuple(call.inputs.values()), keywords)
    truth = true_value(reference_of(loss, DTYPE), given)
    limits = value_limits(reference_of(loss, DTYPE), practice, given)
    allowed = limit(limits.own, form, None).reshape(truth.shape)
    moved = round_to(truth + shares * allowed, form)
    with np.errstate(invalid="ignore"):
        past = np.abs(moved - truth) > shares * allowed
    return np.where(past, round_to(truth, form), moved)


def closeness(call: Call) -> Floats:
    """From 0.1 to 0.9, the nearer the first logit is to one place; past the bound beside it."""
    distance = np.abs(call.inputs["logits"][..., 0] - PLACE)
    near = np.clip(0.3 - 0.12 * np.log10(distance + 1e-9), 0.1, 0.9)
    return np.where(distance < 3e-6, 40.0, near)


def narrow(call: Call, was: Outcome) -> Outcome:
    """Wrong within three millionths of one logit."""
    if was.value is None or call.reduction != "none":
        return was
    return replace(was, value=stored(bounded(call, closeness(call)), DTYPE))


def test_a_narrow_window_is_found_by_hunting_alone() -> None:
    drawn = run(station(narrow), CLASSES)
    assert {cell.verdict for cell in drawn.values()} == {"pass"}
    found = run(station(narrow), CLASSES, hunts=True)
    assert found["value"].verdict == "fail"
    (finding,) = found["value"].findings
    assert abs(np.ravel(finding.inputs["logits"])[0] - PLACE) < 3e-6  # type: ignore[index]
    again = replay(finding.case, station(narrow), LOSSES)
    assert (again[0].property, again[0].verdict) == ("value", "fail")
    assert replay(finding.case, station(), LOSSES)[0].verdict == "pass"


def blunt(call: Call, was: Outcome) -> Outcome:
    """Every unreduced loss off by up to 0.8 of its bound."""
    if (
        was.value is None
        or call.reduction != "none"
        or call.inputs["prediction"].shape != was.shape
    ):
        return was
    return replace(was, value=stored(bounded(call, np.full(was.shape, 0.8)), DTYPE))


def test_a_hunt_says_how_far_it_came_and_the_same_seed_comes_as_far() -> None:
    found, again = (run(station(blunt), hunts=True, seed=3) for _ in range(2))
    climb = found["value"].climb
    assert found["value"].verdict == "pass"
    assert climb is not None
    assert climb == again["value"].climb
    assert 0.0 < climb.before <= climb.after / NEARLY
    assert 0.7 < climb.after <= 0.8
    assert climb.tried > 1_000
    assert rebuild(str(climb.case), LOSSES).loss == LOSS
    other = run(station(blunt), hunts=True, seed=4)
    assert other["value"].climb != found["value"].climb


def test_nothing_is_hunted_unless_it_is_asked_for() -> None:
    assert {cell.climb for cell in run(station()).values()} == {None}


def test_the_corpus_of_the_target_is_measured_anew() -> None:
    climb = run(station(blunt), hunts=True)["value"].climb
    assert climb is not None
    entry = Entry("float32", "value", "torch@cpu", 0.5, "9.9", str(climb.case))
    corpus: Corpus = {LOSS: (entry,)}
    kept = run(station(blunt), hunts=True, corpus=corpus)["value"]
    assert kept.climb is not None
    assert kept.climb.kept == climb.after
    assert kept.climb.before >= climb.after
    assert kept.rows[0].case == f"value:{climb.case}"


@dataclass
class Counted:
    """Answers spoiled, calls counted."""

    spoil: Spoil
    calls: list[Call] = field(default_factory=list)

    def __call__(self, calls: object) -> list[Outcome]:
        found = Fake(self.spoil).evaluate(calls)  # type: ignore[arg-type]
        self.calls += calls  # type: ignore[arg-type]
        return found


def hunted(spoil: Spoil, known: tuple[Deviation, ...] = ()) -> tuple[Mapping[str, Climb], object]:
    of, ask = block("mse"), Counted(spoil)
    book = worked(of, "value", [case("mse/float32/typical/4x3/none/-/s3")])
    if known:
        book.explain = explainer(station(), LOSSES, known)
    return hunt(of, ask, [], {}, book, 0, LITTLE), (book, ask)


def test_a_worker_that_keeps_dying_is_left_alone() -> None:
    def dead(call: Call, was: Outcome) -> Outcome:
        return Outcome(death=Died("crash", "the process was ended by SIGSEGV"))

    climbs, (book, ask) = hunted(dead)  # type: ignore[misc]
    assert {climb.case for climb in climbs.values()} == {None}
    assert {fault.kind for fault in book.faults} == {"crash"}
    assert len(ask.calls) <= MOST_DEATHS + 3


def test_legal_input_that_is_refused_on_the_way_is_told() -> None:
    def picky(call: Call, was: Outcome) -> Outcome:
        return refused() if (np.abs(call.inputs["prediction"]) > 1e30).any() else was

    _, (book, _) = hunted(picky)  # type: ignore[misc]
    assert ("value", "exception") in {(each.property, each.kind) for each in book.faults}


def test_a_known_deviation_does_not_hide_another_failure_of_its_kind() -> None:
    def twice(call: Call, was: Outcome) -> Outcome:
        """NaN above one, which is known, and below minus three, which is not."""
        given = call.inputs["prediction"]
        if was.value is None or call.reduction != "none" or given.shape != was.shape:
            return was
        wrong = (given > 1) | (given < -3)
        return replace(was, value=changed(was.value, lambda x: np.where(wrong, np.nan, x)))

    known = Deviation(
        id="nan-above-one",
        loss=("mse",),
        framework="torch",
        property=("value",),
        when=When(where="prediction > 1"),
        expect=Expect(value="nan"),
        reason="planted for this test",
        source="https://example.org",
        since="2026-01-01",
    )
    _, (book, _) = hunted(twice, (known,))  # type: ignore[misc]
    assert {fault.kind for fault in book.faults} == {"nan"}
    assert all((fault.case.inputs["prediction"] < -3).any() for fault in book.faults)
    assert "nan-above-one" in book.tally("value").known


def test_an_honest_target_has_nothing_to_report() -> None:
    _, (book, _) = hunted(untouched)  # type: ignore[misc]
    assert book.faults == []
    assert book.explain is unexplained
