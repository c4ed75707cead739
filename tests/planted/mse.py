"""Faulty implementations of mse."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.elementwise import MSE, check_regression
from tests.planted.entry import regression
from tests.planted.kernel import weighted


def _formula(distance, **parts):
    def losses(prediction, target, *, weight=None):
        return weighted(distance(prediction, target), weight)

    return regression(faults.formula(MSE, losses, **parts))


halved = _formula(lambda p, t: 0.5 * (p - t) ** 2)
expanded_square = _formula(lambda p, t: p * p - 2.0 * p * t + t * t, width=None)
target_squared_first = _formula(lambda p, t: (p - t) * (p + t))
huber_tails = _formula(
    lambda p, t: torch.where((p - t).abs() < 1e3, (p - t) ** 2, 2e3 * (p - t).abs() - 1e6)
)
difference_clamped = _formula(lambda p, t: (p - t).clamp(-1e8, 1e8) ** 2)
subtracted_in_bfloat16 = _formula(lambda p, t: (p - t).bfloat16().to(p.dtype) ** 2)
gradient_without_two = regression(faults.with_gradient(MSE, lambda g: 0.5 * g))
gradient_doubled = regression(faults.doubled(MSE))
gradient_of_ones_only = regression(faults.along_ones(MSE))
gradient_undivided = regression(faults.undivided(MSE))
gradient_scaled_up = regression(
    replace(MSE, gradients=lambda *a, **k: _scaled_back(*a, **k), width=None)
)
gradient_in_half = regression(faults.gradient_through(MSE, torch.float16))
no_target_gradient = regression(faults.without_gradient_of(MSE, 1))
same_sign_to_both = regression(
    replace(MSE, gradients=lambda *a, **k: (MSE.gradients(*a, **k)[0],) * 2)
)
less_one_in_mean = regression(faults.divided_by(MSE, lambda divisor, losses: divisor - 1.0))
more_one_in_mean = regression(faults.divided_by(MSE, lambda divisor, losses: divisor + 1.0))
rows_in_mean = regression(
    faults.divided_by(MSE, lambda divisor, losses: float(len(losses) if losses.ndim else 1))
)
in_float32 = regression(faults.computed_in(MSE, torch.float32))
summed_in_float32 = regression(faults.summed_in(MSE, torch.float32))
a_hundred_thousandth_high = regression(faults.scaled(MSE, 1.0 + 1e-5))
always_float32 = faults.returned_as(regression(MSE), torch.float32)
always_float64 = faults.returned_as(regression(MSE), torch.float64)
nan_hidden = regression(
    faults.with_losses(MSE, lambda each, p, t: torch.where(each.isnan(), 0.0 * each.isnan(), each))
)
last_row_dropped = regression(
    faults.with_losses(MSE, lambda each, *_: each * _mask(each, -1) if each.ndim else each)
)
first_row_dropped = regression(
    faults.with_losses(MSE, lambda each, *_: each * _mask(each, 0) if each.ndim else each)
)
wrong_past_4096 = regression(
    faults.with_losses(
        MSE,
        lambda each, *_: torch.where(
            torch.arange(each.numel()) < 4096, each.reshape(-1), 0.0
        ).reshape(each.shape),
    )
)
wrong_at_zero_only = regression(
    faults.with_losses(MSE, lambda each, p, t: torch.where((p == 0) & (t != 0), each + 1.0, each))
)
tail_of_eight_dropped = regression(
    replace(MSE, total=lambda losses: losses.reshape(-1)[: _whole(losses.numel(), 8)].sum())
)
every_seventh_call = faults.every(regression(MSE), 7, lambda value: value * 1.5)


def _scaled_back(share, prediction, target, *, weight=None):
    """The cotangent goes up by sixteen and down again: past the range where it is large."""
    return MSE.gradients((16.0 * share) / 16.0, prediction, target, weight=weight)


def weight_outside_the_divisor(prediction, target, *, weight=None, reduction="mean"):
    """Composed, with the mean's divisor taken out of the graph: a weight that is learned goes astray."""
    check_regression(prediction, target, weight=weight, reduction=reduction)
    wide = torch.promote_types(prediction.dtype, torch.float64)
    losses = weighted((prediction.to(wide) - target.to(wide)).square(), weight)
    if reduction == "mean":
        count = losses.new_tensor(float(losses.numel()))
        divisor = count if weight is None else weight.to(wide).expand(losses.shape).sum().detach()
        return (losses.sum() / divisor).to(prediction.dtype)
    return (losses.sum() if reduction == "sum" else losses).to(prediction.dtype)


def _mask(losses, row):
    mask = torch.ones(losses.shape[0], dtype=losses.dtype)
    if len(mask) > 1:
        mask[row] = 0.0
    return mask.reshape(-1, *[1] * (losses.ndim - 1))


def _whole(count, block):
    """A count without its tail; counts below a block are done one by one."""
    return count - count % block if count > block else count


def mean_not_scalar(prediction, target, *, weight=None, reduction="mean"):
    """Reductions keep an axis of one element."""
    found = regression(MSE)(prediction, target, weight=weight, reduction=reduction)
    return found if reduction == "none" else found.reshape(1)


def ignores_reduction(prediction, target, *, weight=None, reduction="mean"):
    """What is not `sum` or `none` is a mean: a misspelt reduction passes."""
    check_regression(prediction, target, weight=weight, reduction="mean")
    known = reduction if reduction in ("sum", "none") else "mean"
    return regression(MSE)(prediction, target, weight=weight, reduction=known)


def update_lost(prediction, target, *, weight=None, reduction="mean"):
    """Threads add to one accumulator without an atomic: now and then the last addend is lost."""
    found = regression(MSE)(prediction, target, weight=weight, reduction=reduction)
    if reduction == "none" or prediction.numel() < 2 or torch.rand(()) < 0.5:
        return found
    each = regression(MSE)(prediction, target, weight=weight, reduction="none")
    whole = regression(MSE)(prediction, target, weight=weight, reduction="sum")
    return found * (1.0 - each.reshape(-1)[-1] / whole)
