"""The planted implementations are what their table says."""

from __future__ import annotations

import importlib
import json
from collections import Counter

import pytest

from tests.planted.catalogue import Planted, faults, load, variants
from tests.planted.judging import LOSSES, ROOT

KINDS = {
    "accumulation", "batch", "bias", "broadcast", "class-weight", "clip", "constant",
    "denominator", "determinism", "dropped", "dtype", "epsilon", "forward-mode", "gradient",
    "ignore-index", "ignored", "index", "infinity", "kink", "layout", "log-target", "log1p",
    "mutation", "nan", "positive-weight", "precision", "reduction", "second-order", "sigmoid",
    "size", "smoothing", "stability", "state", "swapped", "target", "value",
}  # fmt: skip


def test_there_are_enough_of_both_sorts_for_every_loss() -> None:
    assert len(faults()) >= 120
    assert len(variants()) >= 30
    assert Counter(each.loss for each in faults()).keys() == LOSSES.keys()
    assert Counter(each.loss for each in variants()).keys() == LOSSES.keys()


def test_every_kind_of_mistake_is_there() -> None:
    assert not KINDS - {each.kind for each in faults()}


def test_names_are_unique_and_every_row_says_what_it_is() -> None:
    assert max(Counter(each.id for each in load()).values()) == 1
    assert all(each.note and each.dtypes for each in load())


def test_what_waits_for_a_property_says_why_it_is_not_caught() -> None:
    assert all(each.open for each in load() if each.due)


@pytest.mark.parametrize("planted", load(), ids=lambda each: each.id)
def test_every_implementation_is_there_to_be_called(planted: Planted) -> None:
    pytest.importorskip(planted.framework)
    module, _, name = planted.place.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.frameworks
@pytest.mark.parametrize("planted", variants(), ids=lambda each: each.id)
def test_a_correct_variant_agrees_with_torch_on_tame_inputs(planted: Planted) -> None:
    torch = pytest.importorskip("torch")
    from tests.planted.peers import compare, function_of, normal_inputs
    from tests.planted.sampling import OWN, Sample

    if planted.framework != "torch":
        pytest.skip(f"written for {planted.framework}")
    torch.manual_seed(0)
    inputs = normal_inputs(planted.loss, torch.float64)
    compare(function_of(planted), OWN[planted.loss], Sample(inputs, {"reduction": "sum"}))


def test_the_report_has_a_row_for_each_and_answers_for_every_miss() -> None:
    """A fault that `default` misses waits for a property, or says why nothing can catch it."""
    stored = json.loads((ROOT / "reports" / "score.json").read_text("utf-8"))
    for profile in ("quick", "default"):
        rows = stored[profile]
        assert rows.keys() == {each.id for each in load()}
        assert not [each.id for each in variants() if rows[each.id]["caught"]]
    missed = {each.id for each in faults() if not stored["default"][each.id]["caught"]}
    assert missed <= {each.id for each in faults() if each.open}
    hasty = {each.id for each in faults() if not stored["quick"][each.id]["caught"]}
    assert hasty <= {each.id for each in faults() if each.open or each.quick}
    assert len(hasty) <= 0.1 * len(faults())
