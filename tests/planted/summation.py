"""Correct ways to add up, and to go through a batch in parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from tests.planted.kernel import Kernel, Tensor

BLOCK = 16


def backwards(losses: Tensor) -> Tensor:
    return losses.reshape(-1).flip(0).sum()


def by_columns(losses: Tensor) -> Tensor:
    """The last axis first, then what is left."""
    return losses.sum(-1).sum() if losses.ndim > 1 else losses.sum()


def in_halves(losses: Tensor) -> Tensor:
    """Pairwise down to single terms."""
    flat = losses.reshape(-1)
    while flat.numel() > 1:
        odd = flat[-1:] if flat.numel() % 2 else flat[:0]
        half = flat.numel() // 2
        flat = torch.cat([flat[:half] + flat[half : 2 * half], odd])
    return flat.sum()


def in_blocks(losses: Tensor) -> Tensor:
    """Runs of sixteen, one term after the other, then the sum of the runs."""
    flat = losses.reshape(-1)
    padded = torch.cat([flat, flat.new_zeros(-flat.numel() % BLOCK)]).reshape(-1, BLOCK)
    total = torch.zeros_like(padded[:, 0])
    for column in padded.unbind(1):
        total = total + column
    return in_halves(total)


def by_dot(losses: Tensor) -> Tensor:
    """A product with ones, as a matrix unit adds."""
    flat = losses.reshape(-1)
    return torch.dot(flat, torch.ones_like(flat))


def exactly(losses: Tensor) -> Tensor:
    """Without any rounding before the last."""
    terms = losses.reshape(-1).double().tolist()
    try:
        found = math.fsum(terms)
    except (OverflowError, ValueError):  # past the range, or infinities of both signs
        found = sum(terms)
    return torch.tensor(found, dtype=torch.float64).to(losses.dtype)


def compensated(losses: Tensor) -> Tensor:
    """Kahan's sum; its correction says nothing beside an infinity."""
    total = correction = torch.zeros((), dtype=losses.dtype)
    for each in losses.reshape(-1):
        term = each - correction
        raised = total + term
        correction = torch.where(raised.isfinite(), (raised - total) - term, 0.0)
        total = raised
    return total


def smallest_first(losses: Tensor) -> Tensor:
    return losses.reshape(-1).sort().values.sum()


def summed(kernel: Kernel, total: Callable[[Tensor], Tensor], width: torch.dtype | None) -> Kernel:
    """The kernel with another sum, in its own width."""
    return replace(kernel, total=total, width=width)


def multiplied_by_reciprocal(kernel: Kernel) -> Kernel:
    """The share of the mean as one reciprocal, applied to every sample."""
    return replace(
        kernel,
        share=lambda cotangent, divisor, losses: (
            cotangent * torch.as_tensor(divisor, dtype=cotangent.dtype).reciprocal()
        ).expand(losses.shape),
    )


def by_chunks(kernel: Kernel, rows: int = 5) -> Kernel:
    """Losses a few rows of the batch at a time. Weights that have an entry a row go along."""

    def losses(*inputs: Tensor, **parameters: Any) -> Tensor:
        last = inputs[-1]
        if last.ndim == 0 or (inputs[0].ndim == 1 and "label_smoothing" in parameters):
            return kernel.losses(*inputs, **parameters)  # a sample without a batch axis
        found = [
            kernel.losses(
                *(each[start : start + rows] for each in inputs),
                **{
                    name: each[start : start + rows] if _goes_along(each, inputs[0]) else each
                    for name, each in parameters.items()
                },
            )
            for start in range(0, max(len(last), 1), rows)
        ]
        return torch.cat(found)

    return replace(kernel, losses=losses)


def _goes_along(value: Any, like: Tensor) -> bool:
    return isinstance(value, Tensor) and value.shape == like.shape and value.ndim > 0
