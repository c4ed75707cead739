"""What a peer asks for: calls that torch's own functions and the implementations both take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

Tensor = torch.Tensor
Loss = Callable[..., Tensor]
OWN: Mapping[str, Loss] = MappingProxyType(
    {
        "l1": functional.l1_loss,
        "mse": functional.mse_loss,
        "nll": functional.nll_loss,
        "cross_entropy": functional.cross_entropy,
        "cross_entropy_probabilities": functional.cross_entropy,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
        "kl_divergence": functional.kl_div,
    }
)
CLASS_WEIGHTS = ("nll", "cross_entropy", "cross_entropy_probabilities")


@dataclass(frozen=True)
class Sample:
    """Inputs and keywords of one call."""

    inputs: tuple[Tensor, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)


class Different(AssertionError):
    """The implementation is found wrong."""


def evaluated(function: Loss, sample: Sample) -> list[Tensor | None]:
    """The value, and the gradient of its sum by every real input."""
    leaves = [
        each.detach().clone().requires_grad_() if each.is_floating_point() else each
        for each in sample.inputs
    ]
    value = function(*leaves, **sample.keywords)
    wanted = [each for each in leaves if each.requires_grad]
    return [value, *torch.autograd.grad(value.sum(), wanted, allow_unused=True)]
