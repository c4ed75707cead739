"""Foreign code costs a case, is reported, and the run is whole."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from conformance.api import Report, check

HOSTILE = Path(__file__).with_name("hostile.py")


def checked(name: str, **options) -> Report:
    options = {
        "timeout": 1.0,
        "dtypes": ["float64"],
        "properties": ["value", "mutation"],
        **options,
    }
    return check(f"{HOSTILE}:{name}", "mse", **options)


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def whole(report: Report) -> None:
    """Every cell is there, the end too, and other cases were judged."""
    results = report.results
    assert results.end is not None
    assert len(results.cells) == results.manifest.planned
    value = next(cell for cell in results.cells if cell.property == "value")
    assert sum(row.verdict == "pass" for row in value.rows) > 3


def test_an_honest_callable_conforms():
    report = checked("honest")
    assert report.ok, str(report)
    whole(report)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("segfaults", "crash"),
        ("exits", "crash"),
        ("loops", "timeout"),
        ("forks", "mutation"),
        ("changes_errors", "mutation"),
        ("dies_in_del", "mutation"),
        ("patches", "mutation"),
        ("closes_streams", "mutation"),
        ("leaves", "mutation"),
        ("deletes_its_folder", "mutation"),
        ("seeds", "mutation"),
        ("leaves_threads", "mutation"),
        ("hides_the_grave", "mutation"),
        ("quits", "exception"),
        ("interrupts", "exception"),
    ],
)
def test_what_foreign_code_does_is_a_finding(name, kind):
    report = checked(name)
    assert kinds(report) == {kind}
    assert not report.ok
    whole(report)


def test_a_callable_that_takes_too_much_memory_is_a_finding():
    report = checked("hoards", memory=600 << 20, timeout=10.0)
    assert kinds(report) == {"memory"}
    whole(report)


def test_a_flood_of_print_is_no_finding():
    report = checked("floods")
    assert report.ok, str(report)
    whole(report)


def test_a_callable_that_never_answers_ends_the_run_early():
    report = checked("always_loops", timeout=0.5)
    assert kinds(report) == {"timeout"}
    assert report.results.end is not None
    assert report.results.end.seconds < 20


def test_markup_in_messages_is_inert(tmp_path):
    report = checked("raises_markup")
    page = report.to_html(tmp_path / "report.html").read_text()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<script>alert" not in report._repr_html_()


@pytest.mark.parametrize("name", ["draws", "patches_json", "grim"])
def test_what_harms_nobody_is_no_finding(name):
    report = checked(name)
    assert report.ok, str(report)
    whole(report)


def test_an_answer_that_is_none_costs_its_case():
    report = checked("writes_garbage")
    assert kinds(report) <= {"crash", "timeout"}
    assert report.findings
    whole(report)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none", "the callable returned NoneType; a NumPy array is expected"),
        ("listed", "the callable returned list; a NumPy array is expected"),
        ("complex_", "the callable returned dtype complex128"),
        ("paired", "the callable returned tuple; a NumPy array is expected"),
    ],
)
def test_what_is_no_loss_is_told(name, told):
    report = checked(name)
    assert kinds(report) == {"exception"}
    assert told in report.findings[0].rule + str(report.findings[0].actual)


def test_truths_are_judged_as_numbers():
    assert kinds(checked("truths")) == {"value"}


def test_a_child_does_not_outlive_its_worker(tmp_path, monkeypatch):
    monkeypatch.setenv("ORPHAN", str(tmp_path / "pid"))
    assert kinds(checked("orphans")) == {"mutation"}
    pid = int((tmp_path / "pid").read_text())
    late = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < late:
        time.sleep(0.1)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
