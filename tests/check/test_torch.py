"""Callables of PyTorch: what they are, how they are called, what they do to the process."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from conformance.api import Report, check
from conformance.report.check import account_of_check, candidate
from conformance.targets.candidate import CandidateError
from tests.cli.command import command

pytest.importorskip("torch", reason="PyTorch is not installed")
KERNELS = Path(__file__).with_name("kernels.py")
NAN = {"infinite-logits": "nan"}


def checked(name: str, loss: str = "mse", **options) -> Report:
    options = {"dtypes": ["float32"], "alone": True, "properties": ["value", "gradient"], **options}
    return check(f"{KERNELS}:{name}", loss, **options)


@pytest.mark.parametrize(
    "name", ["Square", "Square.apply", "square", "Module", "mean", "named_only"]
)
def test_every_kind_of_callable_is_called_by_the_contract(name):
    report = checked(name)
    assert report.ok, str(report)
    assert all(cell.cases > 0 for cell in report.results.cells)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sets_dtype", "the default dtype went from torch.float32 to torch.float64"),
        ("sets_threads", "the number of threads went from 1 to 2"),
        ("sets_device", "the default device went from cpu to meta"),
        ("stops_gradients", "whether gradients are recorded went from True to False"),
        ("patches", "torch.nn.functional.mse_loss was replaced"),
    ],
)
def test_a_changed_process_is_told_and_put_back(name, said):
    report = checked(name, properties=["value", "mutation"])
    (finding,) = [each for each in report.findings if each.property == "mutation"]
    assert said in finding.why
    value = next(cell for cell in report.results.cells if cell.property == "value")
    assert value.verdict == "pass"


def test_a_wrong_gradient_by_a_weight_is_caught_by_weight_gradient_alone():
    report = checked("divides_by_a_constant", properties=[])
    told = {each.property: each.why for each in report.findings}
    assert {*told} - {"error"} == {"weight-gradient"}  # it broadcasts, as all of these do
    assert "the gradient with respect to weight is" in told["weight-gradient"]


@pytest.mark.parametrize(
    ("name", "loss"), [("weighted_square", "mse"), ("class_weighted", "cross_entropy")]
)
def test_composed_losses_have_the_gradient_by_their_weights(name, loss):
    options = {} if loss == "mse" else {"conventions": NAN}
    report = checked(
        name, loss, properties=["weight-gradient"], dtypes=["float32", "bfloat16"], **options
    )
    assert report.ok, str(report)
    assert all(cell.elements > 10 for cell in report.results.cells)


def test_a_naive_loss_fails_with_a_snippet_and_a_test_that_fail_too(tmp_path, monkeypatch):
    report = checked("naive", "cross_entropy", conventions=NAN)
    finding = next(each for each in report.findings if each.kind == "value")
    monkeypatch.syspath_prepend(str(KERNELS.parent))
    exec(compile(finding.snippet, "snippet", "exec"), {})
    space: dict[str, object] = {}
    exec(compile(finding.test, "test", "exec"), space)
    (made,) = [each for name, each in space.items() if name.startswith("test_")]
    with pytest.raises(AssertionError):
        made()


def test_the_snippet_of_an_apply_names_no_argument(monkeypatch, capsys):
    report = checked("Fused", properties=["value"])
    finding = next(each for each in report.findings if "reduction" not in each.rule)
    monkeypatch.syspath_prepend(str(KERNELS.parent))
    exec(compile(finding.snippet, "snippet", "exec"), {})
    assert "Fused.apply(prediction, target, None, 'none')" in finding.snippet
    assert capsys.readouterr().out.startswith("tensor(")


def test_an_undeclared_convention_is_named(tmp_path):
    report = checked("full", "cross_entropy", layout={"classes": 1}, properties=["edge-case"])
    hints = [each.hint for each in report.findings]
    assert any("--convention 'infinite-logits=nan'" in hint for hint in hints)


def test_the_class_axis_is_found():
    report = checked("full", "cross_entropy", conventions=NAN, properties=["dtype", "shape"])
    assert report.ok, str(report)
    subject = candidate(report.results)
    assert subject is not None
    assert any("classes are on axis 1" in note for note in subject.notes)


def test_a_parameter_that_is_built_in_is_held():
    held = {"label_smoothing": 0.2}
    options = {"params": held, "conventions": NAN, "layout": {"classes": 1}}
    assert not any(
        each.kind in ("value", "gradient")
        for each in checked("smooth", "cross_entropy", **options).findings
    )
    wrong = checked("smooth", "cross_entropy", **{**options, "params": {"label_smoothing": 0.1}})
    assert any(each.kind == "value" for each in wrong.findings)


def test_a_renamed_parameter_is_passed():
    options = {"rename": {"label_smoothing": "smoothing"}, "layout": {"classes": 1}}
    report = checked("smooth", "cross_entropy", conventions=NAN, **options)
    assert not any(each.kind in ("value", "gradient") for each in report.findings)


def test_an_algorithm_tightens_the_bound():
    free = checked("Module")
    own = checked("Module", algorithm="squared_difference")
    assert own.ok
    assert account_of_check(own.results)["candidate"]["algorithm"] == "squared_difference"
    algorithms = {cell.algorithm for cell in own.results.cells}
    assert algorithms == {"squared_difference, each_op"}
    assert {cell.algorithm for cell in free.results.cells} == {"envelope"}


def test_a_program_of_ones_own_gives_the_bound(tmp_path):
    program = tmp_path / "own.py"
    program.write_text("from reference.algorithms.regression import squared_difference as mine\n")
    report = checked("Module", algorithm=f"{program}:mine", properties=["value"])
    assert report.ok, str(report)
    assert {cell.algorithm for cell in report.results.cells} == {"mine, fused"}


def test_a_closure_runs_in_this_process():
    import torch

    scale = 2.0

    def doubled(prediction, target):
        return scale * torch.nn.functional.mse_loss(prediction, target)

    report = check(doubled, "mse", dtypes=["float32"], properties=["value"], alone=True)
    assert not report.isolated
    assert {each.kind for each in report.findings} == {"value"}
    assert report.findings[0].replay == ""
    assert torch.get_num_threads() >= 1
    with pytest.raises(CandidateError, match="cannot be imported by another process"):
        check(doubled, "mse", isolated=True)


def test_a_function_of_an_importable_module_runs_in_a_worker():
    import torch

    report = check(
        torch.nn.functional.mse_loss, "mse", dtypes=["float32"], properties=["value"], alone=True
    )
    assert report.isolated
    assert not any(each.kind == "value" for each in report.findings)


def test_the_stock_framework_stands_beside_and_does_not_decide():
    report = checked("naive", "cross_entropy", alone=False, properties=["value"])
    row = account_of_check(report.results)["properties"][0]
    assert row["stock_share"] is not None
    roles = [each.role for each in report.results.manifest.targets]
    assert roles == ["candidate", "beside"]
    assert all(each.target.startswith(str(KERNELS)) for each in report.findings)


def test_a_finding_replays_as_failed_and_then_as_fixed(folder):
    file = folder / "kernel.py"
    file.write_text(KERNELS.read_text())
    words = ["--dtype", "float32", "--property", "gradient", "--convention", "infinite-logits=nan"]
    ended = command(
        "check", "kernel.py:naive", "--loss", "cross_entropy", "--alone", *words, folder=folder
    )
    assert ended.code == 1, ended.err
    line = next(each for each in ended.out.splitlines() if each.startswith("  conformance replay"))
    again = shlex.split(line)[1:]
    failed = command(*again, folder=folder)
    assert (failed.code, failed.out.splitlines()[-1]) == (1, "FAILED")
    file.write_text(KERNELS.read_text().replace("-torch.log(chosen + 1e-7)", (
        "-torch.log_softmax(logits, -1).gather(-1, target.unsqueeze(-1)).squeeze(-1)"
    )))  # fmt: skip
    fixed = command(*again, folder=folder)
    assert (fixed.code, fixed.out.splitlines()[-1]) == (0, "FIXED"), fixed.out + fixed.err
    from_file = command(*again[:2], "--from", "conformance-check.jsonl.gz", folder=folder)
    assert from_file.out.splitlines()[-1] == "FIXED"
