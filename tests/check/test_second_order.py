"""Faults that only derivatives of derivatives, or forward mode, can show; and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.api import Report, check
from conformance.report.check import lacks, rows

KERNELS = Path(__file__).with_name("kernels.py")
OF_JAX = Path(__file__).with_name("curved_jax.py")
OF_TENSORFLOW = Path(__file__).with_name("curved_tensorflow.py")


def checked(place: str, **options: object) -> Report:
    given = {"dtypes": ["float32"], "alone": True, "properties": [], **options}
    return check(place, "mse", **given)


def departing(report: Report) -> set[str]:
    """The properties with findings, but `error`: all of these broadcast."""
    return {each.property for each in report.findings} - {"error"}


def reason_of(report: Report, name: str) -> str:
    return str(next(c.reason for c in report.results.cells if c.property == name))


def fails(test: str) -> bool:
    """Whether a test to paste, run beside the kernels, fails by what it asserts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(KERNELS.parent))
        space: dict[str, Any] = {}
        exec(compile(test, "test", "exec"), space)
        (made,) = [each for name, each in space.items() if name.startswith("test_")]
        try:
            made()
        except AssertionError:
            return True
    return False


def test_a_gradient_that_does_not_move_is_caught_by_second_order_alone() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    report = checked(f"{KERNELS}:Flat")
    assert departing(report) == {"second-order"}
    told = next(each for each in report.findings if each.property == "second-order")
    assert "autograd found no path" in told.why
    assert told.rule == "a derivative that is not zero is given, or refused"
    assert fails(told.test)


def test_a_wrong_backward_of_the_backward_is_caught_by_second_order_alone() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    report = checked(f"{KERNELS}:Curved")
    assert departing(report) == {"second-order"}
    told = next(each for each in report.findings if each.property == "second-order")
    assert fails(told.test)


def test_a_wrong_forward_mode_is_caught_by_forward_alone() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    report = checked(f"{KERNELS}:Fast")
    assert departing(report) == {"forward"}


def test_who_differentiates_once_and_says_so_is_not_applicable() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    report = checked(f"{KERNELS}:Once")
    assert departing(report) == set(), str(report)
    assert "once_differentiable" in reason_of(report, "second-order")
    assert "not differentiated by forward mode" in reason_of(report, "forward")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Bowl",
            "second-order in float16: not differentiated by autograd of the gradient: "
            "RuntimeError: no kernel in 16 bits; ask for more (2 cases) (",
        ),
        (
            "curved_by_parts",
            "second-order of some cases: not differentiated by autograd of the gradient: "
            "RuntimeError: trying to differentiate twice",
        ),
    ],
)
def test_what_refuses_to_be_differentiated_in_part_says_so(name: str, said: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    report = checked(
        f"{KERNELS}:{name}", dtypes=["float32", "float16"], properties=["second-order"]
    )
    assert report.ok, str(report)
    told = [f"{each.what}: {each.reason} ({each.cases} cases)" for each in lacks(report.results)]
    assert any(each.startswith(said) for each in told), told
    assert said[:40] in str(report)
    assert next(row for row in rows(report.results)).verdict == "pass"


def test_a_rule_of_jax_that_stops_its_gradient_is_caught_by_second_order_alone() -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    report = checked(f"{OF_JAX}:flat", properties=["value", "gradient", "forward", "second-order"])
    assert departing(report) == {"second-order"}


def test_a_custom_gradient_of_tensorflow_that_stops_is_caught_by_second_order_alone() -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    report = checked(f"{OF_TENSORFLOW}:flat")
    assert departing(report) == {"second-order"}
