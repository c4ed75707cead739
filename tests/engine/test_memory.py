"""What the corpus holds is asked of every target first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases.replay import rebuild
from conformance.engine.memory import check, remembered, tasks
from conformance.engine.request import Request
from conformance.engine.run import cells
from conformance.engine.shapes import Budget
from conformance.results import ResultsError
from conformance.results.corpus import Corpus, Entry, corpus_folder, own_corpus
from conformance.targets.binding_file import load_bindings
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome
from conformance.targets.target import Target
from tests.engine.honest import LOSSES, block, changed, station, worked

OTHERS = "mse/float32/typical/4x3/none/-/s3"
OWN = "mse/float32/given/prediction=0x1.8p+1,target=0x0p+0/none"
WEIGHTED = "mse/float32/typical/4/none/weight=spread/s3"


def entry(case: str, target: str = "torch@cpu", property: str = "value") -> Entry:
    return Entry("float32", property, target, 0.5, "1", case)  # type: ignore[arg-type]


CORPUS: Corpus = {
    "mse": (
        entry(OTHERS, "optax@cpu"),
        entry(OTHERS, "optax@cpu", "gradient"),
        entry(OWN),
        entry(WEIGHTED, "keras[tensorflow]@cpu"),
        replace(entry("mse/float16/typical/4/none/-/s3", "jax@cpu"), dtype="float16"),
    )
}


def test_every_target_is_asked_once_for_each_case_its_own_first() -> None:
    assert [each.id for each in remembered(CORPUS, block("mse"))] == [OWN, OTHERS, WEIGHTED]
    asked = [each.id for each in remembered(CORPUS, block("mse", framework="optax"))]
    assert asked[0] == OTHERS
    assert OWN in asked


def test_a_quick_run_asks_a_target_for_its_own_or_for_all_where_it_has_none() -> None:
    assert [each.id for each in remembered(CORPUS, block("mse"), few=True)] == [OWN]
    unmet = block("mse", framework="tensorflow")
    assert remembered(CORPUS, unmet, few=True) != []
    assert [each.id for each in remembered(CORPUS, unmet, few=True)] == [
        each.id for each in remembered(CORPUS, unmet)
    ]


def test_what_a_target_does_not_take_is_left_out_without_a_word() -> None:
    of = block("mse", framework="optax")
    unable = [rebuild(WEIGHTED, LOSSES)]
    assert all(not isinstance(of.bound(each), Call) for each in unable)
    assert WEIGHTED not in [each.id for each in remembered(CORPUS, of)]


def test_a_compiling_target_is_asked_for_few() -> None:
    book = worked(block("mse"), "value")
    made = list(tasks(CORPUS, block("mse"), book, Budget(1)))
    assert [task.case for task in made] == [OWN]
    assert book.skipped == {}


def test_a_fault_that_the_corpus_remembers_fails_in_every_run() -> None:
    def at_three(call: Call, was: Outcome) -> Outcome:
        given = call.inputs["prediction"]
        if was.value is None or given.size != 1 or float(given.reshape(-1)[0]) != 3.0:
            return was
        return replace(was, value=changed(was.value, lambda x: x + 1))

    of = station(at_three)
    for corpus, verdict in ((CORPUS, "fail"), ({}, "pass")):
        request = Request(("mse",), (of.target,), ("float32",), ("value",), corpus=corpus)
        (found,) = cells(request, LOSSES, [of], [])
        assert found.verdict == verdict
        assert [each.case for each in found.findings] == [f"value:{OWN}"][: len(found.findings)]


def test_an_entry_that_names_no_case_is_told_with_its_line() -> None:
    bad = {"mse": (entry(OWN), entry("mse/float32/typical/4/none/warmth=some/s3", "jax@cpu"))}
    with pytest.raises(ResultsError, match=r"folder/mse\.jsonl:2: .*'warmth'.*; delete the line"):
        check(bad, Path("folder"), LOSSES)


def test_the_suites_own_entries_name_cases_that_their_targets_take() -> None:
    check(own_corpus(), corpus_folder(), LOSSES)
    for loss, entries in own_corpus().items():
        for each in entries:
            name = each.target.partition("@")[0].partition("[")[0]
            asked = rebuild(each.case, LOSSES)
            binding = load_bindings(Target.parse(name))[loss]
            of = block(loss, each.dtype, name)
            assert binding.absent is None
            assert isinstance(of.bound(asked), Call), each.case
            assert each.case in [case.id for case in remembered(own_corpus(), of)]
            assert 0.0 < each.share <= 1.0
