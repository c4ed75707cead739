from __future__ import annotations

import pytest

from conformance.results import Results, compare_runs
from conformance.results.diff import Diff
from tests.report.sample.upgrade import upgraded


@pytest.fixture(scope="session")
def head(results: Results) -> Results:
    return upgraded(results)


@pytest.fixture(scope="session")
def diff(results: Results, head: Results) -> Diff:
    return compare_runs(results, head)
