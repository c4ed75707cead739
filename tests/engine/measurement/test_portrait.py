from __future__ import annotations

from pathlib import Path

import pytest

from conformance.engine.measurement.portrait import declared_ulp, portrait
from conformance.engine.measurement.survey import Plan, survey
from conformance.targets.profiles import Profile, profile_of, read_profile
from tests.engine.measurement.pretended import TORCH, honest, subject
from tests.engine.measurement.test_survey import flushing, off

DTYPES = ("float32", "float16", "bfloat16")


def made(folder: Path, spoil=honest, declared: Profile | None = None) -> Profile:
    """The profile of a device, read back from what was written."""
    asked = subject(spoil, declared)
    found = [each for _, _, some in survey([asked], Plan(DTYPES, 4000, 0)) for each in some]
    (folder / "made.yaml").write_text(
        portrait(asked, found, "torch 1.0: on a #5", "2026-11-30"), "utf-8"
    )
    return read_profile(folder / "made.yaml")


def test_what_is_written_is_a_profile_with_sources_and_dates(tmp_path):
    profile = made(tmp_path)
    assert {fact.source for fact in profile.facts} == {"torch 1.0: on a #5"}
    assert {fact.date for fact in profile.facts} == {"2026-11-30"}
    assert profile.compute == {"float16": "float32", "bfloat16": "float32"}
    assert profile.accuracy["float32"] == dict.fromkeys(
        ("exp", "expm1", "log", "log1p", "tanh", "power"), 1.0
    )
    assert (profile.flush_to_zero, profile.summation, profile.stored) == (False, "blocked", {})
    assert profile.arithmetic("bfloat16", "fused").accumulator.name == "float32"


def test_faults_of_the_device_are_in_the_profile(tmp_path):
    flushed = made(tmp_path, flushing)
    assert flushed.flush_to_zero == DTYPES
    assert made(tmp_path, off("sqrt", 1.0, 2.0, 3.0)).accuracy["float32"]["sqrt"] == 4.0
    narrow = made(tmp_path, off("expm1", -1e-3, 1e-3, 0.0))
    assert narrow.stored == {}


def test_a_kernel_that_computes_in_16_bits_is_declared_in_their_ulp(tmp_path):
    def spoil(name, arguments, answer, dtype):
        return off("expm1", 0.5, 0.55, 2.0 if dtype == "float16" else 0.0)(
            name, arguments, answer, dtype
        )

    assert 2.4 < made(tmp_path, spoil).stored["float16"]["expm1"] <= 2.51


def test_a_profile_that_was_measured_covers_what_was_measured(tmp_path):
    assert made(tmp_path, declared=profile_of(TORCH)).accuracy["float32"]["exp"] >= 0.5


@pytest.mark.parametrize(
    ("measured", "exhaustive", "declared"),
    [
        (0.5, True, 0.5),
        (2.107, True, 2.11),
        (0.56, False, 1.0),
        (1.0, False, 1.5),
        (4.03, False, 4.5),
    ],
)
def test_a_sample_is_raised_to_the_next_half_ulp(measured, exhaustive, declared):
    assert declared_ulp(measured, exhaustive) == declared
