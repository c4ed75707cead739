"""Targets: their text, and what stands behind it on this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.targets.target import (
    FRAMEWORKS,
    Missing,
    Target,
    TargetError,
    public,
    release,
    resolve,
)


@st.composite
def targets(draw: st.DrawFn) -> Target:
    name = draw(st.sampled_from(sorted(FRAMEWORKS)))
    framework = FRAMEWORKS[name]
    backend = draw(st.sampled_from(framework.backends)) if framework.backends else None
    version = draw(st.none() | st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc1|\+cpu)?\Z"))
    device = draw(st.sampled_from(["cpu", "cuda"]))
    return Target(name, backend, version, device, draw(st.sampled_from(["", *framework.modes])))


@given(targets())
def test_a_name_is_read_back_as_the_target(target: Target) -> None:
    assert Target.parse(target.name) == target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch", Target("torch")),
        ("torch==2.13.0@cuda+compile", Target("torch", None, "2.13.0", "cuda", "compile")),
        ("torch==2.13.0+cpu@cpu", Target("torch", None, "2.13.0+cpu")),
        ("keras", Target("keras", "tensorflow")),
        ("keras[jax]@cpu", Target("keras", "jax")),
        ("tensorflow@cpu+xla", Target("tensorflow", mode="xla")),
        ("optax@cpu", Target("optax")),
    ],
)
def test_the_usual_targets_are_read(text: str, expected: Target) -> None:
    assert Target.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "torch@",
            "target 'torch@' cannot be read; write FRAMEWORK[BACKEND]==VERSION@DEVICE+MODE, "
            "as in torch@cpu or keras[jax]==3.15.1@cuda",
        ),
        (
            "flax@cpu",
            "target 'flax@cpu': unknown framework 'flax'; "
            "there is torch, keras, tensorflow, optax, jax, numpy",
        ),
        (
            "torch[tensorflow]@cpu",
            "target 'torch[tensorflow]@cpu': unknown backend 'tensorflow'; "
            "torch[tensorflow] has none",
        ),
        ("torch@tpu", "target 'torch@tpu': unknown device 'tpu'; there is cpu, cuda"),
        ("torch@cpu+jit", "target 'torch@cpu+jit': unknown mode 'jit'; there is compile"),
    ],
)
def test_what_cannot_run_is_refused_with_what_could(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        Target.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("torch==2.13.0@cpu", "torch"),
        ("keras[tensorflow]@cpu", "keras"),
        ("keras[torch]==3.15.1@cpu", "keras[torch]"),
        ("torch@cuda", "torch@cuda"),
        ("optax@cpu+jit", "optax@cpu+jit"),
    ],
)
def test_a_label_leaves_out_what_is_usual(text: str, label: str) -> None:
    assert Target.parse(text).label == label


def test_a_target_is_resolved_to_the_installed_version() -> None:
    found = resolve(Target("numpy"))
    assert isinstance(found, Target)
    assert found.version


def test_another_version_than_the_installed_one_is_missing() -> None:
    found = resolve(Target("numpy", version="0.1"))
    assert isinstance(found, Missing)
    assert found.reason.endswith("is installed, not 0.1")


def test_a_framework_that_is_not_installed_is_missing() -> None:
    found = resolve(Target("torch"), {})
    assert isinstance(found, Missing)
    assert found.reason == "torch is not installed"


def test_a_backend_that_is_not_installed_is_missing() -> None:
    found = resolve(Target("keras", "jax"), {"keras": "3.15.1"})
    assert isinstance(found, Missing)
    assert found.reason == "jax, the backend of keras[jax], is not installed"


def test_releases_compare_by_their_numbers() -> None:
    assert release("2.9") < release("2.13.0rc1")
    assert release("2.0.0+cpu") == release("2")
    assert public("2.13.0+cu121") == "2.13.0"
    with pytest.raises(TargetError, match="does not begin with a number"):
        release("latest")
