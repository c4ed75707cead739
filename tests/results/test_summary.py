from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.results import Results, summarise
from conformance.results.verdict import SYMBOL, VERDICTS, Verdict, worst
from tests.report.sample import Size, sample


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return sample(tmp_path_factory.mktemp("summary"), Size(cases=100))


def only(results: Results, *verdicts: Verdict, cuda: bool = False) -> Results:
    """The run without its other cells, and without the target that has none."""
    cells = tuple(cell for cell in results.cells if cell.verdict in verdicts)
    targets = results.manifest.targets
    kept = targets if cuda else tuple(target for target in targets if target.status == "ran")
    manifest = replace(results.manifest, planned=len(cells), targets=kept)
    return replace(results, manifest=manifest, cells=cells)


def test_every_verdict_has_its_symbol() -> None:
    assert [SYMBOL[word] for word in VERDICTS] == list("✓◐◑✗!·–")


def test_the_worst_of_several_verdicts_stands_for_them() -> None:
    assert worst(["pass", "n/a", "known"]) == "known"
    assert worst(["pass", "not run", "known"]) == "not run"
    assert worst(["xpass", "fail", "error"]) == "fail"
    assert worst([]) == "n/a"


def test_a_clean_run_conforms(results: Results) -> None:
    summary = summarise(only(results, "pass", "n/a"))
    assert (summary.word, summary.exit) == ("conforms", 0)
    assert summary.sentence == "Conforms: 8 losses on 4 targets, 454 cells."
    assert not summary.groups


def test_known_deviations_conform_and_are_counted(results: Results) -> None:
    summary = summarise(only(results, "pass", "known"))
    assert summary.exit == 0
    assert summary.sentence.endswith("462 cells, 1 known deviation among them.")
    assert summary.known[0].deviation.id == "probabilities-clipped"
    assert summary.known[0].losses == ("binary_cross_entropy", "kl_divergence")
    assert summary.known[0].cases == 8 * 212


@pytest.mark.parametrize("verdict", ["fail", "error", "xpass"])
def test_what_somebody_has_to_act_on_is_a_finding(results: Results, verdict: Verdict) -> None:
    summary = summarise(only(results, "pass", verdict))
    assert (summary.word, summary.exit) == ("findings", 1)
    assert summary.groups
    assert all(group.verdict == verdict for group in summary.groups)


def test_a_fail_without_a_finding_is_still_one(results: Results) -> None:
    bare = only(results, "fail")
    cells = tuple(replace(cell, findings=()) for cell in bare.cells)
    summary = summarise(replace(bare, cells=cells))
    assert summary.exit == 1
    assert sum(len(group.findings) for group in summary.groups) == len(cells)


def test_not_run_is_never_green(results: Results) -> None:
    assert summarise(only(results, "pass", "not run")).exit == 4
    absent = summarise(only(results, "pass", cuda=True))
    assert (absent.word, absent.exit) == ("incomplete", 4)
    assert absent.sentence.startswith("Incomplete: torch==2.13.0@cuda did not run. What ran")
    assert absent.absent[0].reason == "no CUDA device was found on this machine"


def test_findings_outrank_what_did_not_run_and_name_it(results: Results) -> None:
    summary = summarise(results)
    assert summary.exit == 1
    assert summary.sentence == (
        "Does not conform: 8 causes in 6 of 8 losses, on 4 targets;"
        " torch==2.13.0@cuda and 2 cells did not run."
    )


def test_a_run_that_was_cut_short_is_incomplete(results: Results) -> None:
    good = only(results, "pass")
    cut = summarise(replace(good, end=None, cut="the file stops inside line 9"))
    assert cut.exit == 4
    assert cut.sentence.startswith("Incomplete: the run was cut short. What ran conforms")
    assert "inside line 9" in cut.absent[0].reason
    fewer = replace(good, manifest=replace(good.manifest, planned=500))
    assert summarise(fewer).exit == 4
    assert "46 cells did not run" in summarise(fewer).sentence


def test_a_run_that_checked_nothing_is_no_pass(results: Results) -> None:
    assert summarise(only(results)).exit == 5
    assert summarise(only(results, "n/a")).exit == 5


def test_what_does_not_apply_is_counted_with_its_reason(results: Results) -> None:
    skipped = summarise(results).skipped
    assert sum(absence.cells for absence in skipped) == 96
    assert "tf.nn has no nll" in {absence.reason for absence in skipped}
