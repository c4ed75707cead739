from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.results import DiffError
from conformance.results.manifest import Target
from conformance.results.pairing import pair_targets
from tests.results.runs import KERAS, NEWER, TORCH, run

OLDER = replace(TORCH, name="torch==2.4.1@cpu", version="2.4.1")
CUDA = replace(TORCH, name="torch==2.13.0@cuda", device="cuda", label="torch@cuda")


def names(base: list[Target], head: list[Target], *pairs: tuple[str, str]) -> list[str]:
    return [pair.name for pair in pair_targets(run(targets=base), run(targets=head), pairs)]


def test_versions_of_one_label_are_a_pair() -> None:
    assert names([TORCH, KERAS], [NEWER, KERAS]) == [
        "torch==2.13.0@cpu → torch==2.15.0@cpu",
        "keras[tensorflow]==3.15.1@cpu",
    ]


def test_equal_versions_are_paired_first_and_one_left_a_side_is_a_pair() -> None:
    assert names([TORCH, OLDER], [NEWER, TORCH]) == [
        "torch==2.4.1@cpu → torch==2.15.0@cpu",
        "torch==2.13.0@cpu",
    ]


def test_devices_are_not_paired_with_each_other() -> None:
    assert names([TORCH, CUDA], [NEWER]) == [
        "torch==2.13.0@cpu → torch==2.15.0@cpu",
        "torch==2.13.0@cuda",
    ]


def test_what_could_be_paired_in_several_ways_is_refused_by_name() -> None:
    with pytest.raises(DiffError) as refused:
        names([TORCH, OLDER], [NEWER])
    assert str(refused.value) == (
        "torch==2.13.0@cpu, torch==2.4.1@cpu of the base and torch==2.15.0@cpu of the head could "
        "be paired in several ways; name the pairs (--pair BASE HEAD)"
    )
    assert names([TORCH, OLDER], [NEWER], (TORCH.name, NEWER.name)) == [
        "torch==2.13.0@cpu → torch==2.15.0@cpu",
        "torch==2.4.1@cpu",
    ]


def test_runs_without_a_common_label_are_refused() -> None:
    with pytest.raises(DiffError, match="no target of it is in run") as refused:
        names([TORCH], [KERAS])
    assert "found keras[tensorflow]==3.15.1@cpu and torch==2.13.0@cpu" in str(refused.value)


def test_a_pair_across_labels_can_be_asked_for_by_name_or_label() -> None:
    expected = ["torch==2.13.0@cpu → keras[tensorflow]==3.15.1@cpu"]
    assert names([TORCH], [KERAS], (TORCH.name, KERAS.name)) == expected
    assert names([TORCH], [KERAS], ("torch", "keras")) == expected


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(DiffError) as refused:
        names([TORCH], [NEWER], ("jax", NEWER.name))
    told = "run.jsonl.gz: there is no target 'jax'; there are torch==2.13.0@cpu"
    assert str(refused.value) == told


def test_a_target_is_in_one_pair() -> None:
    with pytest.raises(DiffError, match="is in two pairs; name it in one"):
        names([TORCH], [NEWER, KERAS], ("torch", "torch"), ("torch", "keras"))


def test_a_pair_that_was_asked_for_takes_no_target_of_the_other_run() -> None:
    both = [TORCH, OLDER]
    assert names(both, both, (OLDER.name, TORCH.name)) == [
        "torch==2.4.1@cpu → torch==2.13.0@cpu",
        "torch==2.13.0@cpu → torch==2.4.1@cpu",
    ]
