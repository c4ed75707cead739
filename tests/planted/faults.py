"""Mistakes that any loss can have: a correct kernel, or its callable, with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import torch

from tests.planted.entry import Loss
from tests.planted.kernel import Kernel, Tensor


def with_value(kernel: Kernel, change: Callable[[Tensor], Tensor]) -> Kernel:
    """The result changed before it is rounded."""
    return replace(kernel, finish=lambda value, *inputs: change(value))


def with_rounded(kernel: Kernel, change: Callable[[Tensor], Tensor]) -> Kernel:
    """The result changed after it was rounded to the inputs' dtype."""
    return replace(kernel, finish=lambda value, first, *rest: change(value.to(first.dtype)))


def with_losses(kernel: Kernel, change: Callable[..., Tensor]) -> Kernel:
    """The unreduced losses changed; `change` takes them and the inputs."""

    def losses(*inputs: Tensor, **parameters: Any) -> Tensor:
        return change(kernel.losses(*inputs, **parameters), *inputs)

    return replace(kernel, losses=losses)


def with_gradient(kernel: Kernel, change: Callable[[Tensor], Tensor]) -> Kernel:
    """Every gradient changed before it is rounded."""
    return replace(kernel, finish_gradient=lambda gradient, like: change(gradient))


def negated(kernel: Kernel) -> Kernel:
    return with_gradient(kernel, torch.neg)


def doubled(kernel: Kernel) -> Kernel:
    return with_gradient(kernel, lambda gradient: 2.0 * gradient)


def zero_gradient(kernel: Kernel) -> Kernel:
    return with_gradient(kernel, torch.zeros_like)


def along_ones(kernel: Kernel) -> Kernel:
    """The incoming gradient is not looked at."""
    return replace(
        kernel,
        share=lambda cotangent, divisor, losses: (torch.ones_like(cotangent) / divisor).expand(
            losses.shape
        ),
    )


def undivided(kernel: Kernel) -> Kernel:
    """The mean's denominator is missing on the way back."""
    return replace(
        kernel, share=lambda cotangent, divisor, losses: cotangent.expand(losses.shape) * 1.0
    )


def summed_cotangent(kernel: Kernel) -> Kernel:
    """Every sample gets the sum of the incoming gradients, as if the loss had been reduced."""
    return replace(
        kernel,
        share=lambda cotangent, divisor, losses: (cotangent.sum() / divisor).expand(losses.shape),
    )


def without_gradient_of(kernel: Kernel, place: int) -> Kernel:
    """One input gets no gradient at all."""

    def gradients(*arguments: Any, **parameters: Any) -> tuple[Tensor | None, ...]:
        found = list(kernel.gradients(*arguments, **parameters))
        found[place] = None
        return tuple(found)

    return replace(kernel, gradients=gradients)


def scaled(kernel: Kernel, factor: float) -> Kernel:
    return with_value(kernel, lambda value: value * factor)


def up_one_ulp(kernel: Kernel) -> Kernel:
    """Every finite result moved to its neighbour further from zero."""
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}

    def change(value: Tensor) -> Tensor:
        moved = (value.view(whole[value.element_size()]) + 1).view(value.dtype)
        return torch.where(value.isfinite() & (value != 0), moved, value)

    return with_rounded(kernel, lambda value: change(value.clone()))


def through(kernel: Kernel, dtype: torch.dtype) -> Kernel:
    """The losses pass through a narrow dtype on their way."""
    return with_losses(kernel, lambda losses, *_: losses.to(dtype).to(losses.dtype))


def gradient_through(kernel: Kernel, dtype: torch.dtype) -> Kernel:
    return with_gradient(kernel, lambda gradient: gradient.to(dtype).to(gradient.dtype))


def computed_in(kernel: Kernel, dtype: torch.dtype) -> Kernel:
    """Inputs are cast to one dtype whatever they were, and only the results are cast back."""

    def narrow(x: Any) -> Any:
        return x.to(dtype) if isinstance(x, Tensor) and x.is_floating_point() else x

    def cast(of: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*inputs: Any, **parameters: Any) -> Any:
            given = {name: narrow(each) for name, each in parameters.items()}
            return of(*map(narrow, inputs), **given)

        return changed

    return replace(kernel, losses=cast(kernel.losses), gradients=cast(kernel.gradients), width=None)


def summed_in(kernel: Kernel, dtype: torch.dtype) -> Kernel:
    """One running sum of the narrow dtype, as a kernel keeps it in a register."""

    def total(losses: Tensor) -> Tensor:
        found = torch.zeros((), dtype=dtype)
        for each in losses.reshape(-1).to(dtype):
            found = found + each
        return found.to(losses.dtype)

    return replace(kernel, total=total)


def divided_by(kernel: Kernel, change: Callable[[Any, Tensor], Any]) -> Kernel:
    """Another denominator; `change` takes the right one and the losses."""

    def divisor(losses: Tensor, *inputs: Tensor, **parameters: Any) -> Any:
        return change(kernel.divisor(losses, *inputs, **parameters), losses)

    return replace(kernel, divisor=divisor)


def unweighted_mean(kernel: Kernel) -> Kernel:
    """The mean of weighted losses divided by their number."""
    return divided_by(kernel, lambda divisor, losses: float(losses.numel()))


def unchecked(kernel: Kernel) -> Kernel:
    return replace(kernel, check=lambda *inputs, **parameters: None)


def detached(loss: Loss) -> Loss:
    """The graph is cut: the result cannot be differentiated."""
    return wrapped(loss, lambda value: value.detach())


def returned_as(loss: Loss, dtype: torch.dtype) -> Loss:
    return wrapped(loss, lambda value: value.to(dtype))


def wrapped(loss: Loss, change: Callable[[Tensor], Tensor]) -> Loss:
    """The callable with its result changed, the signature kept."""

    @wraps(loss)
    def changed(*inputs: Tensor, **parameters: Any) -> Tensor:
        return change(loss(*inputs, **parameters))

    return changed


def given(loss: Loss, change: Callable[..., tuple[Tensor, ...]]) -> Loss:
    """The callable with its inputs changed before it sees them."""

    @wraps(loss)
    def changed(*inputs: Tensor, **parameters: Any) -> Tensor:
        return loss(*change(*inputs), **parameters)

    return changed


def every(loss: Loss, period: int, change: Callable[[Tensor], Tensor]) -> Loss:
    """Wrong on every so manieth call."""
    calls = [0]

    def sometimes(value: Tensor) -> Tensor:
        calls[0] += 1
        return change(value) if calls[0] % period == 0 else value

    return wrapped(loss, sometimes)


def derived(losses: Callable[..., Tensor]) -> Callable[..., tuple[Tensor | None, ...]]:
    """What autograd makes of a formula, in the width of the kernel."""

    def gradients(share: Tensor, *inputs: Tensor, **parameters: Any) -> tuple[Tensor | None, ...]:
        leaves = [
            each.detach().requires_grad_() if each.is_floating_point() else each for each in inputs
        ]
        with torch.enable_grad():
            value = losses(*leaves, **parameters)
        wanted = [each for each in leaves if each.requires_grad]
        found = iter(torch.autograd.grad(value, wanted, share, allow_unused=True))
        return tuple(next(found) if each.requires_grad else None for each in leaves)

    return gradients


def formula(kernel: Kernel, losses: Callable[..., Tensor], **parts: Any) -> Kernel:
    """Another formula, and the gradient that autograd makes of it."""
    return replace(kernel, losses=losses, gradients=derived(losses), **parts)
