"""Which arithmetic a target is held to, and what the files of it must hold."""

from __future__ import annotations

import re

import pytest

from conformance.numerics.formats import FORMATS
from conformance.targets.profiles import (
    Profile,
    load_profile,
    profile_folder,
    profile_name,
    profile_of,
)
from conformance.targets.target import Target, TargetError

NAMES = sorted(path.stem for path in profile_folder().glob("*.yaml"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torch", "torch.cpu"),
        ("torch@cpu+compile", "torch.cpu+compile"),
        ("torch@cuda", "torch.cuda"),
        ("tensorflow@cpu+xla", "tensorflow.cpu+xla"),
        ("keras", "tensorflow.cpu"),
        ("keras[torch]", "torch.cpu"),
        ("optax", "jax.cpu"),
        ("optax@cpu+jit", "jax.cpu"),
        ("jax@cuda+jit", "jax.cuda"),
        ("numpy", "numpy.cpu"),
    ],
)
def test_backend_device_and_mode_pick_the_profile(text, name):
    target = Target.parse(text)
    assert profile_name(target) == name
    assert profile_of(target) is load_profile(name)


def test_a_target_without_a_profile_is_told_how_to_measure_one():
    with pytest.raises(TargetError) as caught:
        profile_of(Target.parse("torch@cuda+compile"))
    assert str(caught.value) == (
        "target 'torch@cuda+compile': no arithmetic is declared for torch.cuda+compile, so that no "
        f"bound can be derived; there is {', '.join(NAMES)}. `conformance doctor --measure "
        "-t torch@cuda+compile -o torch.cuda+compile.yaml` measures it"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_serves_every_dtype_and_says_where_it_is_from(name):
    profile = load_profile(name)
    for dtype in FORMATS:
        assert profile.arithmetic(dtype, "each_op").storage.name == dtype
    for fact in profile.facts:
        assert fact.what.strip()
        assert fact.source.strip()
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", fact.date)


def test_flushing_may_be_said_of_single_dtypes():
    profile = load_profile("tensorflow.cpu")
    half, whole = (profile.arithmetic(name, "each_op") for name in ("float16", "float32"))
    assert (half.flushes(half.compute), half.flushes(half.storage)) == (True, False)
    assert (half.denormals_are_zero, whole.denormals_are_zero) == (False, True)
    assert whole.flushes(whole.storage)


def test_spans_and_kernels_of_the_storage_dtype_reach_the_arithmetic():
    jax: Profile = load_profile("jax.cpu")
    worse = jax.arithmetic("float64", "fused").accuracy_of("log1p").worse
    assert (-0.41422, -0.38, 135.0) in worse
    assert jax.arithmetic("float16", "fused").accuracy_of("expm1").stored == 2.11
    assert jax.arithmetic("bfloat16", "fused").accuracy_of("expm1").stored == 0.0
