"""How a side of an audit is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.environments.errors import RequirementError
from conformance.environments.requirement import name_of, parse
from tests.environments.wheels import wheel


def test_one_argument_may_hold_several_requirements() -> None:
    side = parse("tensorflow-cpu==2.16.2 keras==3.3.3")
    assert side.requirements == ("tensorflow-cpu==2.16.2", "keras==3.3.3", "numpy")


def test_numpy_is_added_for_the_worker_unless_it_is_named() -> None:
    assert parse("torch==2.1.0 numpy<2").requirements == ("torch==2.1.0", "numpy<2")


def test_an_interpreter_is_taken_as_it_is() -> None:
    side = parse(f"py:{sys.executable}")
    assert (side.interpreter, side.requirements) == (sys.executable, ())


def test_a_wheel_is_named_by_its_file_and_told_apart_by_its_contents(tmp_path: Path) -> None:
    path = wheel(tmp_path, "fused", "1.0")
    before = parse(str(path))
    assert before.requirements == (str(path), "numpy")
    assert name_of(before.requirements[0]) == "fused"
    wheel(tmp_path, "fused", "1.0", code="changed = True\n")
    assert parse(str(path)).identity != before.identity


def test_the_order_of_requirements_does_not_matter() -> None:
    assert parse("keras==3.3.3 numpy").identity == parse("numpy keras==3.3.3").identity


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "--index-url=x",
        "torch -e .",
        "torch == 2.13.0",
        "torch=2.13.0",
        "'torch",
        "-r a.txt",
    ],
)
def test_what_is_no_requirement_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(RequirementError, match=r"write 'torch==2\.13\.0'") as found:
        parse(text)
    assert str(found.value).startswith(repr(text))


@pytest.mark.parametrize(
    "text", ["torch", "torch>=2.4,<2.6", "jax[cpu]==0.4.30", "x@file:///a.whl", "a~=1.0"]
)
def test_requirements_without_blanks_are_taken(text: str) -> None:
    assert parse(text).requirements[0] == text


def test_a_wheel_and_an_interpreter_must_exist() -> None:
    with pytest.raises(RequirementError, match="there is no file"):
        parse("/nowhere/fused-1.0-py3-none-any.whl")
    with pytest.raises(RequirementError, match="there is no program '/nowhere/python'"):
        parse("py:/nowhere/python")
