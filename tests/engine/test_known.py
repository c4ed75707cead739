"""A known deviation explains what it says and no more than that."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.cases.case import Case
from conformance.engine import known
from conformance.engine.book import Book
from conformance.engine.finding import documented
from conformance.engine.known import explainer, vanished
from conformance.engine.workers import Station
from conformance.targets.call import Call
from conformance.targets.known import Deviation
from conformance.targets.outcome import Array, Outcome
from conformance.targets.target import Target
from tests.engine.honest import (
    LOSSES,
    Spoil,
    block,
    case,
    changed,
    refused,
    station,
    stored,
    untouched,
    worked,
)

TORCH = Target("torch", version="2.13.0")
ON_TORCH = replace(station(), target=TORCH)
TEXT = "mse/float32/typical/33/none/-/s3"
WHERE = "prediction > target"
TODAY = datetime.date.today()


def beside(version: str) -> Station:
    """torch where a TensorFlow of that version is installed too."""
    return replace(ON_TORCH, versions={"tensorflow-cpu": version})


def deviation(**changes: Any) -> Deviation:
    """The gradient with respect to the prediction is 0 where the prediction is above the target."""
    given: dict[str, Any] = {
        "id": "one-sided",
        "loss": ("mse",),
        "property": ("gradient",),
        "when": {"where": WHERE, "input": ("prediction",)},
        "expect": {"value": 0.0},
        "reason": "Nobody looked at the other side.",
        "source": "made up for this test",
        "since": "2026-01-01",
    }
    return Deviation.model_validate({**given, **changes})


def book_of(
    monkeypatch: pytest.MonkeyPatch,
    spoil: Spoil,
    listed: Deviation,
    name: str = "value",
    cases: tuple[Case, ...] = (),
) -> Book:
    monkeypatch.setattr(known, "load_known", lambda target: (listed,))
    explain = explainer(ON_TORCH, LOSSES)
    return worked(block("mse"), name, cases or (case(TEXT),), spoil, explain)


def one_sided(call: Call, was: Outcome) -> Outcome:
    above = call.inputs["prediction"] > call.inputs["target"]
    gradient = changed(was.gradients["prediction"], lambda g: np.where(above, 0.0, g))
    return replace(was, gradients={**was.gradients, "prediction": gradient})


def worse(call: Call, was: Outcome) -> Outcome:
    """Zero on one element of the other side too."""
    spoiled = one_sided(call, was)
    below = np.flatnonzero(call.inputs["prediction"] < call.inputs["target"])[0]
    gradient = changed(spoiled.gradients["prediction"], lambda g: np.where(g == g[below], 0.0, g))
    return replace(was, gradients={**was.gradients, "prediction": gradient})


def otherwise(call: Call, was: Outcome) -> Outcome:
    """Deviates at the listed place, in another way."""
    above = call.inputs["prediction"] > call.inputs["target"]
    gradient = changed(was.gradients["prediction"], lambda g: np.where(above, np.nan, g))
    return replace(was, gradients={**was.gradients, "prediction": gradient})


def other_input(call: Call, was: Outcome) -> Outcome:
    above = call.inputs["prediction"] > call.inputs["target"]
    gradient = changed(was.gradients["target"], lambda g: np.where(above, 0.0, g))
    return replace(was, gradients={**was.gradients, "target": gradient})


def test_a_deviation_explains_exactly_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    book = book_of(monkeypatch, one_sided, deviation())
    assert book.faults == []
    tally = book.tally("gradient")
    assert tally.verdict() == "known"
    above = (case(TEXT).inputs["prediction"] > case(TEXT).inputs["target"]).sum()
    assert tally.classes["known"] == above > 0
    assert tally.classes["wrong"] == 0


def test_a_deviation_of_one_version_of_a_package_is_none_beside_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = deviation(when={"where": WHERE, "packages": {"tensorflow": "==2.16.2"}})
    monkeypatch.setattr(known, "load_known", lambda target: (listed,))
    for version, verdict in (("2.16.2", "known"), ("2.21.0", "fail")):
        explain = explainer(beside(version), LOSSES)
        book = worked(block("mse"), "value", (case(TEXT),), one_sided, explain)
        assert book.tally("gradient").verdict() == verdict


def test_a_deviation_of_another_version_of_a_package_has_not_vanished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    when = {"packages": {"tensorflow": "==2.16.2"}}
    listed = deviation(when=when, seen=(f"gradient:{TEXT}",))
    book = book_of(monkeypatch, untouched, listed)
    assert vanished(book, beside("2.21.0")) == {}
    (gone,) = vanished(book, beside("2.16.2"))["gradient"]
    assert gone.id == listed.id


@pytest.mark.parametrize("spoil", [worse, otherwise, other_input])
def test_a_worse_result_still_fails(monkeypatch: pytest.MonkeyPatch, spoil: Spoil) -> None:
    book = book_of(monkeypatch, spoil, deviation())
    assert book.tally("gradient").verdict() == "fail"
    assert book.faults != []


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": str(TODAY - datetime.timedelta(days=1))},
        {"when": {"version": ">=2.14", "where": WHERE}},
        {"when": {"dtype": ("float16",), "where": WHERE}},
        {"when": {"reduction": ("mean",), "where": WHERE}},
        {"when": {"device": ("cuda",), "where": WHERE}},
        {"when": {"input": ("target",), "where": WHERE}},
        {"when": {"where": "prediction < target"}},
        {"property": ("value",)},
        {"loss": ("l1",)},
    ],
    ids=lambda changes: "-".join([*changes, *changes.get("when", {})]),
)
def test_a_deviation_that_does_not_apply_explains_nothing(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    book = book_of(monkeypatch, one_sided, deviation(**changes))
    assert book.tally("gradient").verdict() == "fail"
    assert not book.explained


def test_a_deviation_holds_on_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    book = book_of(monkeypatch, one_sided, deviation(expires=str(datetime.date.today())))
    assert book.faults == []


@pytest.mark.parametrize(("allowed", "verdict"), [(4.0, "known"), (2.0, "fail")])
def test_a_bound_in_ulp_is_held_to(
    monkeypatch: pytest.MonkeyPatch, allowed: float, verdict: str
) -> None:
    def off(call: Call, was: Outcome) -> Outcome:
        assert was.value is not None
        bits = was.value.stored.view(np.uint32) + np.uint32(3)
        return replace(was, value=Array("float32", bits.view(np.float32)))

    listed = deviation(property=("value",), when={}, expect={"at_most_ulp": allowed})
    assert book_of(monkeypatch, off, listed).tally("value").verdict() == verdict


@pytest.mark.parametrize(
    ("expect", "name", "spoil"),
    [
        ({"raises": "ValueError"}, "value", lambda call, was: refused()),
        (
            {"dtype": "float64"},
            "dtype",
            lambda call, was: replace(was, value=Array("float64", was.value.values)),
        ),
        (
            {"shape": (33, 1)},
            "shape",
            lambda call, was: replace(was, value=Array("float32", was.value.stored[:, None])),
        ),
    ],
)
def test_answers_without_comparable_numbers_can_be_known(
    monkeypatch: pytest.MonkeyPatch, expect: dict[str, Any], name: str, spoil: Spoil
) -> None:
    listed = deviation(property=(name,), when={}, expect=expect)
    book = book_of(monkeypatch, spoil, listed)
    assert (book.faults, book.tally(name).verdict()) == ([], "known")


def test_another_exception_than_the_listed_one_still_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = deviation(property=("value",), when={}, expect={"raises": "ValueError"})
    book = book_of(monkeypatch, lambda call, was: refused("ValueErrorOfMine"), listed)
    assert [fault.kind for fault in book.faults] == ["exception"]


def accepted(call: Call, was: Outcome) -> Outcome:
    return Outcome(value=stored(np.array([1.0]), "float32"))


def test_silent_acceptance_can_be_known_case_by_case(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = deviation(
        property=("error",), when={"case": ("lengths-differ",)}, expect={"accepts": True}
    )
    book = book_of(monkeypatch, accepted, listed, "error")
    verdicts = {outcome.id: outcome.verdict for outcome in book.tally("error").outcomes}
    assert verdicts.pop("lengths-differ") == "known"
    assert set(verdicts.values()) == {"fail"}


def test_a_deviation_of_a_written_case_that_vanished_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = deviation(
        property=("error",), when={"case": ("lengths-differ",)}, expect={"accepts": True}
    )
    book = book_of(monkeypatch, untouched, listed, "error")
    gone = vanished(book, ON_TORCH)
    assert [each.id for each in gone["error"]] == ["one-sided"]
    book.tally("error").vanished += gone["error"]
    cell = book.tally("error").cell()
    assert cell.verdict == "xpass"
    assert [each.id for each in cell.known] == ["one-sided"]


def test_a_deviation_that_still_shows_has_not_vanished(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = deviation(
        property=("error",), when={"case": ("lengths-differ",)}, expect={"accepts": True}
    )
    assert vanished(book_of(monkeypatch, accepted, listed, "error"), ON_TORCH) == {}


def test_a_known_deviation_is_shown_on_its_smallest_case(monkeypatch: pytest.MonkeyPatch) -> None:
    small = case("mse/float32/typical/7/none/-/s3")
    book = book_of(monkeypatch, one_sided, deviation(), cases=(case(TEXT), small))
    (kept,) = book.explained.values()
    finding = documented(*kept, TORCH.name)
    assert finding.case == f"gradient:{small.id}"
    assert finding.known is not None
    assert finding.known.reason == "Nobody looked at the other side."
