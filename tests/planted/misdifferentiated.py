"""Mistakes behind the first derivative that any loss can have; value and gradient stay right."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted.curved import along_slopes
from tests.planted.kernel import Kernel


def finished(curved, change):
    """Every second derivative changed before it is rounded."""
    return replace(curved, finish=change)


def turned_by(curved, factor):
    """Forward mode, off by a factor."""
    return replace(curved, moved=lambda *given, **named: factor * along_slopes(*given, **named))


def standing(curved, place):
    """Forward mode that takes one input for a constant."""

    def moved(kernel, along, *inputs, **parameters):
        still = [None if number == place else each for number, each in enumerate(along)]
        return along_slopes(kernel, still, *inputs, **parameters)

    return replace(curved, moved=moved)


def forgetting(curved, *names):
    """Forward mode that does not look at some parameters."""

    def moved(kernel, along, *inputs, **parameters):
        left = {name: each for name, each in parameters.items() if name not in names}
        return along_slopes(kernel, along, *inputs, **left)

    return replace(curved, moved=moved)


def bent_by(curved, bent):
    return replace(curved, bent=bent)


def without_mixed(curved):
    """Each gradient moves with its own input alone: the cross terms are missing."""

    def bent(share, along, *inputs, **parameters):
        return tuple(
            curved.bent(
                share,
                [each if number == place else 0.0 * each for number, each in enumerate(along)],
                *inputs,
                **parameters,
            )[place]
            for place in range(len(inputs))
        )

    return replace(curved, bent=bent)


def first_alone(curved):
    """The second input has no part in the second derivatives."""

    def bent(share, along, *inputs, **parameters):
        first, second = curved.bent(share, [along[0], 0.0 * along[1]], *inputs, **parameters)
        return first, 0.0 * second

    return replace(curved, bent=bent)


def swapped(curved):
    """The backward of the backward returns its gradients in the other order."""
    return replace(curved, bent=lambda *given, **named: curved.bent(*given, **named)[::-1])


def undivided(cotangent, divisor, losses):
    """The mean's denominator is missing."""
    return cotangent.expand(losses.shape) * 1.0


def along_ones(cotangent, divisor, losses):
    """The incoming gradient is not looked at."""
    return (torch.ones_like(cotangent) / divisor).expand(losses.shape)


def by_count(curved):
    """Forward mode that divides a mean by the number of losses, whatever weighs or is ignored."""

    def divisor(kernel, reduction, losses, inputs, parameters):
        if reduction in ("mean", "batchmean"):
            return float(losses.numel())
        return kernel.by(reduction, losses, inputs, parameters)

    return replace(curved, divisor=divisor)


class _Kept(torch.autograd.Function):
    """The gradient is computed on the way forward and kept, as fused losses do to save memory."""

    @staticmethod
    def forward(ctx, kernel, reduction, parameters, *inputs):
        wide = [kernel.widened(each) for each in inputs]
        losses = kernel.losses(*wide, **parameters)
        divisor = kernel.by(reduction, losses, wide, parameters)
        slopes = kernel.gradients(torch.ones_like(losses) / divisor, *wide, **parameters)
        ctx.real = [each is not None for each in slopes]
        ctx.axes, ctx.dtypes = losses.ndim, [each.dtype for each in inputs]
        ctx.save_for_backward(*(each for each in slopes if each is not None))
        value = losses if reduction == "none" else kernel.total(losses) / divisor
        return value.to(inputs[0].dtype)

    @staticmethod
    def backward(ctx, cotangent):
        found = iter(ctx.saved_tensors)
        slopes = [next(found) if real else None for real in ctx.real]
        return (
            None,
            None,
            None,
            *(
                None if each is None else (_beside(cotangent, each, ctx.axes) * each).to(dtype)
                for each, dtype in zip(slopes, ctx.dtypes, strict=True)
            ),
        )


def _beside(cotangent, slope, axes):
    """A cotangent a sample, spread over the classes where there are some."""
    wide = cotangent.to(slope.dtype)
    return wide.unsqueeze(-1) if wide.ndim and slope.ndim > axes else wide


class Kept(Kernel):
    """A kernel whose gradient autograd knows as a constant."""

    def applied(self, reduction, parameters, *inputs):
        return _Kept.apply(self, reduction, parameters, *inputs)


def kept(kernel):
    return Kept(**vars(kernel))


def detached(kernel):
    """Only the incoming gradient keeps its history."""
    return replace(
        kernel,
        gradients=lambda share, *inputs, **parameters: kernel.gradients(
            share, *(each.detach() for each in inputs), **parameters
        ),
    )
