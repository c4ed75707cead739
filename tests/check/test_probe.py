"""What a callable offers is found by asking it, and what it lacks is counted."""

from __future__ import annotations

import pytest

from conformance.report.check import candidate, lacks
from tests.check.test_isolation import checked


@pytest.mark.parametrize(("name", "reduction"), [("reduced", "mean"), ("summed", "sum")])
def test_the_reduction_that_a_callable_always_applies_is_found(name, reduction):
    report = checked(name, properties=["value", "edge-case"])
    assert report.ok, str(report)
    subject = candidate(report.results)
    assert subject is not None
    assert any(f"computes '{reduction}'" in note for note in subject.notes)
    assert set(subject.unsupported) >= {"none"}
    edges = next(cell for cell in report.results.cells if cell.property == "edge-case")
    assert sum(each.verdict == "pass" for each in edges.outcomes) > 3


def test_a_refused_dtype_is_not_supported_unless_it_was_asked_for():
    report = checked("only_float32", dtypes=[])
    assert {cell.dtype for cell in report.results.cells} == {"float32"}
    subject = candidate(report.results)
    assert subject is not None
    assert "TypeError" in subject.unsupported["float64"]
    asked = checked("only_float32", dtypes=["float64"])
    assert {finding.kind for finding in asked.findings} == {"exception"}


def test_parameters_that_are_not_accepted_are_counted():
    report = checked("honest")
    (lack,) = [each for each in lacks(report.results) if each.what == "weight"]
    assert lack.cases > 0
    assert "takes no argument weight" in lack.reason


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("takes_even_rows", "batch-of-1-axes"),
        ("sums_even_batches", "sum"),
        ("takes_even_float64", "float64"),
    ],
)
def test_what_is_taken_at_another_length_is_offered_and_its_refusal_is_a_finding(name, kept):
    report = checked(name, dtypes=[])
    subject = candidate(report.results)
    assert subject is not None
    assert kept not in subject.unsupported
    assert {finding.kind for finding in report.findings} == {"exception"}
    assert report.summary.exit == 1


@pytest.mark.parametrize(
    ("name", "kept"), [("misspelt_in_float64", "float64"), ("misspelt_for_sums", "sum")]
)
def test_an_exception_that_nobody_raises_to_refuse_is_a_finding(name, kept):
    report = checked(name, dtypes=[])
    subject = candidate(report.results)
    assert subject is not None
    assert kept not in subject.unsupported
    assert {finding.kind for finding in report.findings} == {"exception"}


def test_batches_that_are_refused_at_every_length_are_not_supported_and_said_to_be():
    report = checked("of_one_axis")
    assert report.ok, str(report)
    assert {"batch-of-2-axes", "batch-of-3-axes"} <= {each.what for each in lacks(report.results)}
    assert "batch-of-2-axes: a batch of 2 axes is refused: ValueError: 2 axes" in str(report)
