"""A loss as the author of a fused kernel writes it: losses and gradients by hand, autograd around.

The kernels of `correct_*` compute in float64 and round once. A planted fault replaces one part of
one of them, so that nothing but that part is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

Tensor = torch.Tensor
REDUCTIONS = ("none", "sum", "mean")


def size(losses: Tensor, *inputs: Tensor, **parameters: Any) -> float:
    """What a mean divides by: the number of losses."""
    return float(losses.numel())


def rows(losses: Tensor) -> float:
    """What a batchmean divides by: the length of the first axis."""
    return float(losses.shape[0] if losses.ndim else 1)


def shared(cotangent: Tensor, divisor: Any, losses: Tensor) -> Tensor:
    """The cotangent of each loss."""
    return (cotangent / divisor).expand(losses.shape)


def same(x: Tensor, *rest: Any) -> Tensor:
    return x


@dataclass(frozen=True)
class Kernel:
    """The parts of a loss.

    `losses` takes inputs and parameters and gives one loss a sample; `gradients` takes the share of
    the cotangent that falls to each loss before them and gives one gradient an input, None for class
    indices. Inputs reach both at least in `width` (None: as they come). `finish` and
    `finish_gradient` see a result and the input it is to look like, before it is rounded.
    """

    losses: Callable[..., Tensor]
    gradients: Callable[..., tuple[Tensor | None, ...]]
    check: Callable[..., None]
    divisor: Callable[..., Any] = size
    total: Callable[[Tensor], Tensor] = torch.sum
    share: Callable[[Tensor, Any, Tensor], Tensor] = shared
    finish: Callable[..., Tensor] = same
    finish_gradient: Callable[..., Tensor] = same
    width: torch.dtype | None = torch.float64

    def widened(self, x: Any) -> Any:
        if isinstance(x, Tensor) and x.is_floating_point() and self.width is not None:
            return x.to(torch.promote_types(x.dtype, self.width))
        return x

    def by(self, reduction: str, losses: Tensor, inputs: Any, parameters: Any) -> Any:
        if reduction == "mean":
            return self.divisor(losses, *inputs, **parameters)
        return rows(losses) if reduction == "batchmean" else 1.0

    def applied(self, reduction: str, parameters: dict[str, Any], *inputs: Tensor) -> Tensor:
        found: Tensor = _Fused.apply(self, reduction, parameters, *inputs)
        return found


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, kernel: Kernel, reduction: str, parameters: dict[str, Any], *inputs: Tensor
    ) -> Tensor:
        wide = [kernel.widened(each) for each in inputs]
        losses = kernel.losses(*wide, **parameters)
        ctx.divisor = kernel.by(reduction, losses, wide, parameters)
        ctx.kernel, ctx.parameters = kernel, parameters
        ctx.shape = losses.new_empty(()).expand(losses.shape)
        ctx.save_for_backward(*inputs)
        value = losses if reduction == "none" else kernel.total(losses) / ctx.divisor
        return kernel.finish(value, *inputs).to(inputs[0].dtype)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:
        kernel, inputs = ctx.kernel, ctx.saved_tensors
        wide = [kernel.widened(each) for each in inputs]
        share = kernel.share(kernel.widened(cotangent), ctx.divisor, ctx.shape)
        found = kernel.gradients(share, *wide, **ctx.parameters)
        narrow = [
            None if each is None else kernel.finish_gradient(each, x).to(x.dtype)
            for each, x in zip(found, inputs, strict=True)
        ]
        return None, None, None, *narrow


class Runs(Protocol):
    """A kernel, or one with more derivatives of its own."""

    @property
    def check(self) -> Callable[..., None]: ...
    def widened(self, x: Any) -> Any: ...
    def applied(self, reduction: str, parameters: dict[str, Any], *inputs: Tensor) -> Tensor: ...


def run(kernel: Runs, inputs: tuple[Tensor, ...], reduction: str, **parameters: Any) -> Tensor:
    """Refuse what is not legal, then evaluate. Raises ValueError."""
    kernel.check(*inputs, reduction=reduction, **parameters)
    given = {name: kernel.widened(each) for name, each in parameters.items()}
    return kernel.applied(reduction, given, *inputs)


def demand(holds: Any, text: str) -> None:
    if not holds:
        raise ValueError(text)


def check_reals(*tensors: Tensor) -> None:
    demand(all(each.is_floating_point() for each in tensors), "real numbers are expected")


def check_reduction(reduction: str, *more: str) -> None:
    demand(reduction in (*REDUCTIONS, *more), f"unknown reduction {reduction!r}")


def check_pair(first: Tensor, second: Tensor, *weights: Tensor | None) -> None:
    """Two real tensors of one shape, and weights that spread over it."""
    check_reals(first, second)
    demand(first.shape == second.shape, "the inputs have one shape")
    for weight in weights:
        fits = weight is None or torch.broadcast_shapes(weight.shape, first.shape) == first.shape
        demand(fits, "a weight an entry")


def check_classes(scores: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    """Scores of classes, one index a sample inside their range or ignored, one weight a class."""
    check_reals(scores)
    demand(not target.is_floating_point(), "class indices are integers")
    demand(target.shape == scores.shape[:-1], "one target a sample")
    inside = (target >= 0) & (target < scores.shape[-1])
    demand((inside | (target == ignore_index)).all(), "a target lies outside the classes")
    demand(weight is None or weight.shape == scores.shape[-1:], "one weight a class")


def weighted(x: Tensor, weight: Tensor | None) -> Tensor:
    return x if weight is None else x * weight
