"""The peer that torch tests its own losses with: the sample inputs of its OpInfo."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

from tests.planted.catalogue import Planted
from tests.planted.sampling import CLASS_WEIGHTS, OWN, Different, Loss, Sample, evaluated

OPINFO: Mapping[str, str] = MappingProxyType(
    {
        "l1": "l1_loss",
        "mse": "mse_loss",
        "nll": "nll_loss",
        "cross_entropy": "cross_entropy",
        "cross_entropy_probabilities": "cross_entropy",
        "binary_cross_entropy": "binary_cross_entropy",
        "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
        "kl_divergence": "kl_div",
    }
)


def opinfo(planted: Planted, function: Loss) -> None:
    """The samples that torch tests its own function with, in float32 and float64."""
    from torch.testing._internal.common_methods_invocations import op_db

    (entry,) = (each for each in op_db if each.name == f"nn.functional.{OPINFO[planted.loss]}")
    for dtype in (torch.float32, torch.float64):
        for given in entry.sample_inputs("cpu", dtype, requires_grad=True):
            sample = converted(planted.loss, given)
            if sample is not None:
                ours, own = sample
                _as_opinfo(function, ours, own, planted.loss)


def available() -> bool:
    """Whether torch's own test data can be imported; that needs `expecttest`."""
    return importlib.util.find_spec("expecttest") is not None


def converted(loss: str, given: Any) -> tuple[Sample, Sample] | None:
    """A sample with the classes last, and as torch wants it; None where another loss is meant."""
    inputs = (given.input, *given.args)
    known = {"reduction", "weight", "pos_weight", "ignore_index", "label_smoothing", "log_target"}
    if len(inputs) != 2 or not set(given.kwargs) <= known:
        return None
    if inputs[1].is_floating_point() == (loss == "cross_entropy"):
        return None
    keywords = dict(given.kwargs)
    if loss == "binary_cross_entropy_with_logits" and inputs[0].shape != inputs[1].shape:
        return None
    if loss not in CLASS_WEIGHTS:
        return Sample(inputs, keywords), Sample(inputs, keywords)
    axis = min(1, inputs[0].ndim - 1)
    moved = tuple(
        each.movedim(axis, -1) if each.ndim == inputs[0].ndim else each for each in inputs
    )
    return Sample(moved, keywords), Sample(inputs, keywords)


def _as_opinfo(function: Loss, ours: Sample, own: Sample, loss: str) -> None:
    actual, expected = evaluated(function, ours), evaluated(OWN[loss], own)
    axis = min(1, own.inputs[0].ndim - 1)
    for found, due in zip(actual, expected, strict=True):
        if due is None:
            continue
        if found is None:
            raise Different("no gradient")
        moved = loss in CLASS_WEIGHTS and due.ndim == own.inputs[0].ndim and due is not expected[0]
        torch.testing.assert_close(found, due.movedim(axis, -1) if moved else due, equal_nan=True)
