"""A fused loss whose author differentiates it by hand in both directions, and twice.

A planted fault replaces one part of it; value and gradient stay those of its kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.planted.kernel import Kernel, Tensor, same

Moved = Callable[..., Tensor]


def along_slopes(kernel: Kernel, along: Any, *inputs: Tensor, **parameters: Any) -> Tensor:
    """How each loss moves along the tangents, None for an input that stands still."""
    losses = kernel.losses(*inputs, **parameters)
    slopes = kernel.gradients(torch.ones_like(losses), *inputs, **parameters)
    moved = torch.zeros_like(losses)
    for slope, tangent in zip(slopes, along, strict=True):
        if slope is not None and tangent is not None:
            each = slope * tangent
            moved = moved + (each if each.shape == losses.shape else each.sum(-1))
    return moved


@dataclass(frozen=True)
class Curved:
    """A kernel, and what it does not know.

    `moved` takes the kernel, tangents, inputs and parameters and gives the tangent of each loss,
    `own` the same where the gradients are differentiated by the incoming one;
    `bent` takes the share of the cotangent, tangents, inputs and parameters and gives how each
    gradient moves, None for class indices. `divisor` is what a tangent of the value is divided by,
    `share` the second derivatives' own share of the cotangent; `finish` sees each of these before it
    is rounded.
    """

    kernel: Kernel
    bent: Callable[..., tuple[Tensor | None, ...]]
    moved: Moved = along_slopes
    own: Moved = along_slopes
    divisor: Callable[..., Any] = field(default=Kernel.by)
    share: Callable[[Tensor, Any, Tensor], Tensor] | None = None
    finish: Callable[[Tensor], Tensor] = same

    @property
    def check(self) -> Callable[..., None]:
        return self.kernel.check

    def widened(self, x: Any) -> Any:
        return self.kernel.widened(x)

    def applied(self, reduction: str, parameters: dict[str, Any], *inputs: Tensor) -> Tensor:
        found: Tensor = _Value.apply(self, reduction, parameters, *inputs)
        return found

    def wide(self, arrays: Any) -> list[Any]:
        return [None if each is None else self.kernel.widened(each) for each in arrays]

    def value(self, reduction: str, parameters: Any, inputs: Any) -> Tensor:
        kernel, wide = self.kernel, self.wide(inputs)
        losses = kernel.losses(*wide, **parameters)
        divisor = kernel.by(reduction, losses, wide, parameters)
        return losses if reduction == "none" else kernel.total(losses) / divisor

    def gradients(
        self, reduction: str, parameters: Any, cotangent: Tensor, inputs: Any
    ) -> tuple[Tensor | None, ...]:
        kernel, wide = self.kernel, self.wide(inputs)
        losses = kernel.losses(*wide, **parameters)
        divisor = kernel.by(reduction, losses, wide, parameters)
        share = kernel.share(kernel.widened(cotangent), divisor, losses)
        return kernel.gradients(share, *wide, **parameters)

    def tangent(self, reduction: str, parameters: Any, along: Any, inputs: Any) -> Tensor:
        """How the value moves."""
        return self._pushed(self.moved, self.divisor, reduction, parameters, along, inputs)

    def by_cotangent(self, reduction: str, parameters: Any, along: Any, inputs: Any) -> Tensor:
        """What the incoming gradient gets where the gradients move along tangents: the same."""
        return self._pushed(self.own, Kernel.by, reduction, parameters, along, inputs)

    def _pushed(
        self,
        moved_by: Moved,
        divisor_of: Any,
        reduction: str,
        parameters: Any,
        along: Any,
        inputs: Any,
    ) -> Tensor:
        kernel, wide = self.kernel, self.wide(inputs)
        moved = moved_by(kernel, self.wide(along), *wide, **parameters)
        if reduction == "none":
            return moved
        divisor = divisor_of(kernel, reduction, moved, wide, parameters)
        return kernel.total(moved) / divisor

    def bends(
        self, reduction: str, parameters: Any, cotangent: Tensor, along: Any, inputs: Any
    ) -> tuple[Tensor | None, ...]:
        """How the gradients move with the inputs."""
        kernel, wide = self.kernel, self.wide(inputs)
        losses = kernel.losses(*wide, **parameters)
        divisor = kernel.by(reduction, losses, wide, parameters)
        share = (self.share or kernel.share)(kernel.widened(cotangent), divisor, losses)
        found = self.bent(share, self.wide(along), *wide, **parameters)
        return tuple(None if each is None else self.finish(each) for each in found)


def _narrow(arrays: Any, like: Any) -> list[Any]:
    return [
        None if each is None else each.to(x.dtype) for each, x in zip(arrays, like, strict=True)
    ]


class _Value(torch.autograd.Function):
    @staticmethod
    def forward(curved: Curved, reduction: str, parameters: Any, *inputs: Tensor) -> Tensor:
        return curved.value(reduction, parameters, inputs).to(inputs[0].dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:
        ctx.curved, ctx.reduction, ctx.parameters, *given = inputs
        ctx.save_for_backward(*given)
        ctx.save_for_forward(*given)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Any:
        inputs = ctx.saved_tensors
        found = iter(_Slope.apply(ctx.curved, ctx.reduction, ctx.parameters, cotangent, *inputs))
        return (
            None,
            None,
            None,
            *(next(found) if each.is_floating_point() else None for each in inputs),
        )

    @staticmethod
    def jvp(ctx: Any, _: None, __: None, ___: None, *along: Tensor | None) -> Tensor:
        inputs = ctx.saved_tensors
        return ctx.curved.tangent(ctx.reduction, ctx.parameters, along, inputs).to(inputs[0].dtype)


class _Slope(torch.autograd.Function):
    """The gradients by the real inputs."""

    @staticmethod
    def forward(
        curved: Curved, reduction: str, parameters: Any, cotangent: Tensor, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        found = curved.gradients(reduction, parameters, cotangent, inputs)
        return tuple(each for each in _narrow(found, inputs) if each is not None)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.curved, ctx.reduction, ctx.parameters, *given = inputs
        ctx.save_for_backward(*given)
        ctx.save_for_forward(*given)

    @staticmethod
    def backward(ctx: Any, *along: Tensor) -> Any:
        cotangent, *inputs = ctx.saved_tensors
        beside = _beside(along, inputs)
        own = ctx.curved.by_cotangent(ctx.reduction, ctx.parameters, beside, inputs)
        bends = ctx.curved.bends(ctx.reduction, ctx.parameters, cotangent, beside, inputs)
        return None, None, None, own.to(cotangent.dtype), *_narrow(bends, inputs)

    @staticmethod
    def jvp(ctx: Any, _: None, __: None, ___: None, turned: Tensor | None, *along: Any) -> Any:
        cotangent, *inputs = ctx.saved_tensors
        curved, given = ctx.curved, (ctx.reduction, ctx.parameters)
        still = [
            torch.zeros_like(x) if each is None and x.is_floating_point() else each
            for each, x in zip(along, inputs, strict=True)
        ]
        found = [*curved.bends(*given, cotangent, still, inputs)]
        if turned is not None:
            with_it = curved.gradients(*given, turned, inputs)
            found = [
                None if each is None else each + more
                for each, more in zip(found, with_it, strict=True)
            ]
        return tuple(each for each in _narrow(found, inputs) if each is not None)


def _beside(along: Any, inputs: Any) -> list[Tensor | None]:
    """What belongs to the real inputs, None beside class indices."""
    found = iter(along)
    return [next(found) if each.is_floating_point() else None for each in inputs]
