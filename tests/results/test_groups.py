from __future__ import annotations

import math
from dataclasses import replace

import pytest

from conformance.results import Results
from conformance.results.groups import group, severity
from tests.report.sample import Size, sample


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return sample(tmp_path_factory.mktemp("groups"), Size(cases=100))


def test_one_cause_is_one_group_over_dtypes(results: Results) -> None:
    (found,) = [g for g in group(results) if g.cause.kind == "gradient"]
    assert found.dtypes == ("float32", "bfloat16")
    assert found.cases == 84
    assert found.cause.family == "torch"


def test_versions_of_a_framework_are_one_family(results: Results) -> None:
    cuda = results.manifest.targets[-1]
    moved = tuple(
        replace(
            cell,
            target=cuda.name,
            findings=tuple(replace(f, target=cuda.name) for f in cell.findings),
        )
        if cell.dtype == "bfloat16"
        else cell
        for cell in results.cells
        if cell.target.startswith("torch")
    )
    (found,) = [g for g in group(replace(results, cells=moved)) if g.cause.kind == "gradient"]
    assert found.targets == ("torch==2.13.0@cpu", "torch==2.13.0@cuda")


def test_the_worst_cause_comes_first(results: Results) -> None:
    kinds = [g.cause.kind for g in group(results)]
    assert kinds == ["crash", "error", "gradient", "value", "inf", "dtype", "exception", "xpass"]


def test_no_number_outranks_a_value_of_the_wrong_class(results: Results) -> None:
    (number,) = [g.worst for g in group(results) if g.cause.kind == "gradient"]
    assert severity(replace(number, share=math.nan)) < severity(replace(number, share=1e300))


def test_known_findings_need_nobody(results: Results) -> None:
    assert all(finding.known is None for g in group(results) for finding in g.findings)


def test_examples_are_three_and_distinct(results: Results) -> None:
    for found in group(results):
        cases = [example.case for example in found.smallest]
        assert len(cases) == len(set(cases)) <= 3


def test_an_xpass_says_what_to_do(results: Results) -> None:
    (found,) = [g for g in group(results) if g.cause.kind == "xpass"]
    assert "gradient-of-abs-at-zero' no longer happens; remove it" in found.worst.rule
