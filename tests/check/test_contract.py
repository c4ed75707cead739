"""What a callable must look like, and what is said of one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.api import check
from conformance.targets.candidate import CandidateError
from tests.check.test_isolation import HOSTILE, checked


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("needs_more", {}, "needs the argument 'temperature', which mse does not have"),
        ("honest", {"rename": {"weight": "w"}}, "has no argument 'w' for weight"),
        ("honest", {"rename": {"nothing": "w"}}, "mse has no such name"),
        ("honest", {"params": {"weight": 1.0}}, "is an array in mse"),
        ("honest", {"conventions": {"weighted-mean": "odd"}}, "there is no choice 'odd'"),
        ("honest", {"algorithm": "odd"}, "is not registered for mse"),
        ("honest", {"properties": ["odd"]}, "there is no property 'odd'"),
        ("honest", {"dtypes": ["float31"]}, "there is no dtype 'float31'"),
        ("honest", {"profile": "hasty"}, "there is no profile 'hasty'"),
        ("honest", {"device": "tpu"}, "there is no device 'tpu'"),
        ("nowhere", {}, "cannot be imported: AttributeError"),
        ("Uncallable", {}, "Uncallable is a class whose objects cannot be called"),
        ("_Odd.__call__", {}, "its first argument is 'self', where mse has prediction"),
    ],
)
def test_a_broken_contract_says_what_would_be_right(name, options, message):
    with pytest.raises(CandidateError) as caught:
        checked(name, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("kernel.py:f", "kernel.py:f: kernel.py:2:7: "),
        ("nowhere.losses:f", "nowhere.losses:f: there is no module nowhere.losses on the path"),
        ("email.nowhere:f", "email.nowhere:f: there is no module email.nowhere on the path"),
    ],
)
def test_a_source_that_cannot_be_read_is_told(place, message, tmp_path, monkeypatch):
    (tmp_path / "kernel.py").write_text("import numpy\ndef f f\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CandidateError) as caught:
        check(place, "mse")
    assert str(caught.value).startswith(message)


def test_what_cannot_be_called_is_told():
    with pytest.raises(CandidateError, match="check: NoneType cannot be called; give a function"):
        check(None, "mse")


def test_one_name_is_a_list_of_one():
    report = checked("honest", properties="example", dtypes="float32")
    assert [(cell.property, cell.dtype) for cell in report.results.cells] == [
        ("example", "float32")
    ]


def test_a_lambda_has_a_name_that_code_can_hold():
    report = check(
        lambda prediction, target: 2 * (prediction - target) ** 2,
        "mse", framework="numpy", properties="example", dtypes="float32",
    )  # fmt: skip
    assert report.findings
    compile(report.findings[0].snippet, "snippet", "exec")


def test_a_wrong_form_is_told_where_only_the_value_is_asked_for():
    report = checked("summed_to_nowhere", properties=["value"])
    assert {(each.property, each.kind) for each in report.findings} == {("shape", "shape")}


def test_arguments_in_another_order_are_noted_and_may_be_named():
    report = checked("turned", properties=["value"])
    notes = report.results.manifest.targets[0].notes
    assert any("--rename prediction=prediction --rename target=target" in note for note in notes)
    named = checked(
        "turned",
        properties=["value"],
        rename={"prediction": "prediction", "target": "target"},
    )
    assert named.results.manifest.targets[0].notes[0] == (
        "called as turned(prediction=prediction, target=target)"
    )


def test_a_gradient_beside_a_numpy_callable_is_judged():
    assert checked("honest", properties=["gradient"]).ok
    wrong = checked("negated", properties=["gradient"])
    assert {each.kind for each in wrong.findings} == {"gradient"}
    without = checked("turned", properties=["value", "gradient"])
    cell = next(each for each in without.results.cells if each.property == "gradient")
    assert cell.verdict == "n/a"
    assert "no turned_gradient stands beside" in str(cell.reason)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_snippets_and_tests_run_without_the_suite_and_fail(dtype, request, monkeypatch, capsys):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    report = checked("quarter_more", properties=["value", "gradient"], dtypes=[dtype])
    monkeypatch.syspath_prepend(str(HOSTILE.parent))
    before = np.geterr()
    request.addfinalizer(lambda: np.seterr(**before))
    shown = {each.property: each for each in report.findings if each.snippet and each.test}
    assert {*shown} == {"value", "gradient"}
    np.seterr(all="ignore")  # the inputs may be huge; a warning is an error in these tests
    for finding in shown.values():
        exec(compile(finding.snippet, "snippet", "exec"), {})
        assert capsys.readouterr().out
        space: dict[str, object] = {}
        exec(compile(finding.test, "test", "exec"), space)
        (made,) = [each for name, each in space.items() if name.startswith("test_")]
        with pytest.raises(AssertionError):
            made()


def test_a_choice_that_explains_a_finding_is_named():
    report = check(
        f"{HOSTILE}:clipped", "binary_cross_entropy", dtypes="float64", alone=True,
        properties=["value", "gradient"],
    )  # fmt: skip
    hints = [each.hint for each in report.findings if each.hint]
    assert any("log-of-zero=clip(1e-7)" in each.hint for each in report.findings), hints


def test_an_input_without_gradient_is_left_out():
    report = checked("half", properties=["gradient"], no_gradient=["target"])
    assert report.ok, str(report)


def test_known_deviations_are_known_and_strict(tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text(KNOWN)
    report = checked("off", properties=["example"], known=known)
    assert [cell.verdict for cell in report.results.cells] == ["known"], str(report)
    gone = checked("honest", properties=["example"], known=known)
    assert [cell.verdict for cell in gone.results.cells] == ["xpass"]
    assert not gone.ok


KNOWN = """
framework: numpy
deviations:
  - id: one-too-large
    loss: [mse]
    property: [example]
    when: {case: [apart, table]}
    expect: {at_most_ulp: 1.0e+16}
    reason: It adds a little.
    source: this test
    since: "2026-11-23"
"""
