from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from conformance.report import junit
from conformance.results import Results
from tests.results.runs import cell, finding, row, run


def case(results: Results, suite: int, loss: str, name: str) -> ElementTree.Element:
    root = ElementTree.fromstring(junit.render(results))
    path = f"testcase[@classname='{loss}'][@name='{name}']"
    found = root.findall("testsuite")[suite].find(path)
    assert found is not None
    return found


def test_numbers_are_properties_of_the_case(results: Results) -> None:
    properties = {
        entry.get("name"): entry.get("value")
        for entry in case(results, 0, "kl_divergence", "gradient").iter("property")
    }
    assert properties["float32.verdict"] == "fail"
    assert properties["float32.share"] == "12.4"


def test_verdicts_become_failures_errors_and_skips(results: Results) -> None:
    assert case(results, 0, "kl_divergence", "gradient").find("failure") is not None
    assert case(results, 3, "l1", "gradient").find("failure") is not None
    assert case(results, 1, "mse", "identity").find("error") is not None
    assert case(results, 2, "nll", "value").find("skipped") is not None
    known = case(results, 1, "kl_divergence", "value")
    assert [child.tag for child in known] == ["properties"]


def test_a_target_that_did_not_run_is_an_error_not_a_skip(results: Results) -> None:
    error = case(results, 4, "torch==2.13.0@cuda", "run").find("error")
    assert error is not None
    assert error.get("message") == "no CUDA device was found on this machine"


def test_a_run_that_was_cut_short_is_an_error(results: Results) -> None:
    cut = replace(results, end=None, cut="the file stops inside line 7")
    assert case(cut, 5, "run", "complete").find("error") is not None
    assert case(results, 5, "run", "complete").find("error") is None


def test_an_outcome_is_cut_where_nobody_reads_on() -> None:
    many = tuple(finding(case=f"value:{at}", why="w" * 400) for at in range(500))
    xml = junit.render(run(cell(row(verdict="fail"), findings=many)))
    (failure,) = ElementTree.fromstring(xml).iter("failure")
    assert failure.text is not None
    assert len(failure.text) < junit.LIMIT + 100
    assert failure.text.endswith("(the report has all of it)")


def test_totals_are_those_of_the_cases(results: Results) -> None:
    root = ElementTree.fromstring(junit.render(results))
    for attribute in ("tests", "failures", "errors", "skipped"):
        parts = [int(suite.get(attribute, "0")) for suite in root]
        assert sum(parts) == int(root.get(attribute, "0")) > 0


def test_hostile_text_is_still_xml(poisoned: Results) -> None:
    text = junit.render(poisoned)
    root = ElementTree.fromstring(text)
    assert {element.tag for element in root.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "properties",
        "property",
        "failure",
        "error",
        "skipped",
    }
