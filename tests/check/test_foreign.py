"""What code that nobody here wrote asked for: arguments of its own, few axes, snippets that show it."""

from __future__ import annotations

import contextlib
import io

import pytest

from conformance.report.check import candidate
from conformance.targets.candidate import CandidateError
from tests.check.test_torch import KERNELS, NAN, checked

BCE = "binary_cross_entropy_with_logits"
COMPLEMENT = {"infinite-logits": "by-complement"}


def printed(code: str, monkeypatch) -> str:
    """What a snippet prints, run beside the callable's file."""
    monkeypatch.syspath_prepend(str(KERNELS.parent))
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(code, "snippet", "exec"), {})
    return told.getvalue()


def test_arguments_that_no_spec_has_are_passed_to_the_constructor():
    report = checked(
        "Focused", BCE, arguments={"mode": "binary", "gamma": 0}, conventions=COMPLEMENT,
        properties=["value"],
    )  # fmt: skip
    assert report.ok, str(report)
    subject = candidate(report.results)
    assert subject is not None
    assert subject.notes[0].endswith("always with mode='binary', gamma=0")
    assert dict(subject.call)["argument"] == {"mode": "binary", "gamma": "0"}
    focused = checked("Focused", BCE, arguments={"mode": "binary"}, properties=["example"])
    assert {each.kind for each in focused.findings} >= {"value"}
    assert "Focused(mode='binary', " in focused.findings[0].snippet


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give it a value with --argument mode=VALUE"),
        ({"mode": "binary", "sharp": 1}, "has no argument 'sharp'; it takes mode, gamma"),
        ({"mode": "binary", "reduction": "sum"}, "is a parameter of binary_cross_entropy"),
    ],
)
def test_an_argument_that_is_missing_or_not_there_is_named(arguments, said):
    with pytest.raises(CandidateError) as caught:
        checked("Focused", BCE, arguments=arguments)
    assert said in str(caught.value)


def test_batches_that_the_author_does_not_offer_are_not_asked():
    options = {"conventions": NAN, "properties": ["value"]}
    assert not checked("of_rows", "cross_entropy", **options).ok
    report = checked("of_rows", "cross_entropy", batch_axes=[1], **options)
    assert report.ok, str(report)
    subject = candidate(report.results)
    assert subject is not None
    assert subject.unsupported["batch-of-2-axes"] == (
        "its author says that it takes batches of 1 axes"
    )
    with pytest.raises(CandidateError, match="--batch-axes 99: cannot be read; write 1, or 1,2"):
        checked("of_rows", "cross_entropy", batch_axes=[99])


def test_a_snippet_of_a_changed_argument_shows_it_before_and_after(monkeypatch):
    report = checked("overwrites", properties=["mutation"])
    finding = next(each for each in report.findings if "prediction" in str(each.actual))
    assert finding.actual == "it changed its argument prediction"
    before, after = printed(finding.snippet, monkeypatch).split("tensor")[1:]
    assert before != after


def test_a_snippet_of_a_layout_lays_its_tensors_out_so(monkeypatch):
    report = checked("flattens", properties=["layout"])
    finding = next(each for each in report.findings if each.snippet)
    assert "view size is not compatible" in str(finding.actual)
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        printed(finding.snippet, monkeypatch)


def test_every_convention_that_would_explain_a_finding_is_named():
    report = checked("zeroes", "cross_entropy", conventions=NAN, properties=["edge-case"])
    hints = {each.case.rpartition("/")[2]: each.hint for each in report.findings}
    assert hints["all-ignored-mean"] == (
        "It conforms here with --convention 'ignored-in-mean=counted', and so it does with "
        "empty-mean=zero, if that is by design."
    )


def test_a_default_of_its_own_that_does_not_work_is_noted():
    report = checked("broken_default", "cross_entropy", properties=["example"], batch_axes=[1])
    subject = candidate(report.results)
    assert subject is not None
    (note,) = [each for each in subject.notes if "own default" in each]
    assert note.startswith("with label_smoothing left at its own default it raises TypeError")
    working = checked("smooth", "cross_entropy", rename={"label_smoothing": "smoothing"})
    subject = candidate(working.results)
    assert subject is not None
    assert not any("own default" in each for each in subject.notes)


@pytest.mark.parametrize(
    ("name", "choice"), [("clipped", "clip(1e-7)"), ("shifted", "shift(1e-7)")]
)
def test_probabilities_that_are_moved_from_zero_by_design_conform(name, choice):
    report = checked(name, "binary_cross_entropy", conventions={"log-of-zero": choice})
    assert report.ok, str(report)
    assert all(cell.cases for cell in report.results.cells)


def test_an_argument_of_the_same_name_that_means_something_else_is_left_alone():
    report = checked("divides", properties=["value"], rename={"weight": "-"})
    assert report.ok, str(report)
    subject = candidate(report.results)
    assert subject is not None
    assert subject.unsupported["weight"] == (
        "its author says that it takes no weight as the spec means it"
    )
    assert not checked("divides", properties=["value"]).ok


def test_losses_without_the_last_axis_are_told_how_to_declare_it():
    report = checked("summed_rows", "kl_divergence", properties=["value"])
    subject = candidate(report.results)
    assert subject is not None
    assert any("say --convention last-axis=sum or" in each for each in subject.notes)
    by_design = {"last-axis": "sum", "zero-target": "nan"}
    said = checked("summed_rows", "kl_divergence", properties=["value"], conventions=by_design)
    assert said.ok, str(said)
    subject = candidate(said.results)
    assert subject is not None
    assert not any("--convention" in each for each in subject.notes)


def test_what_refuses_a_row_is_not_asked_for_a_single_number():
    report = checked("of_images", BCE, properties=["edge-case"], conventions=COMPLEMENT)
    subject = candidate(report.results)
    assert subject is not None
    assert {"scalar-batch", "batch-of-1-axes"} <= set(subject.unsupported)
    outcomes = {each.id: each.verdict for cell in report.results.cells for each in cell.outcomes}
    assert outcomes["no-axes"] == "n/a"


def test_a_number_that_no_author_would_write_is_not_suggested():
    summed = {"last-axis": "sum"}
    report = checked("summed_rows", "kl_divergence", properties=["value"], conventions=summed)
    hints = " ".join(each.hint for each in report.findings)
    assert "zero-target=nan" in hints
    assert "clip(-" not in hints


def test_a_kernel_of_rows_alone_is_asked_for_transposed_rows():
    report = checked("Copies", "cross_entropy", properties=["gradient", "layout"], conventions=NAN)
    assert {each.property for each in report.findings} == {"layout"}
    finding = report.findings[0]
    assert finding.case.startswith("layout:cross_entropy/float32/typical/4x5c/")
    assert ".requires_grad_()" in finding.snippet
