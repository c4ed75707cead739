"""Faulty implementations of l1."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.elementwise import L1
from tests.planted.entry import regression
from tests.planted.kernel import Tensor, weighted


def _formula(distance):
    """L1 with another distance, differentiated by autograd."""

    def losses(prediction: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
        return weighted(distance(prediction, target), weight)

    return regression(faults.formula(L1, losses))


def _slope(sign):
    """L1 with another slope of the distance."""

    def gradients(share, prediction, target, *, weight=None):
        slope = share * weighted(sign(prediction - target), weight)
        return slope, -slope

    return regression(replace(L1, gradients=gradients))


smooth_near_zero = _formula(lambda p, t: torch.nn.functional.smooth_l1_loss(p, t, reduction="none"))
root_of_square = _formula(lambda p, t: ((p - t) ** 2).sqrt())
root_with_epsilon = _formula(lambda p, t: ((p - t) ** 2 + 1e-12).sqrt())
distance_of_magnitudes = _formula(lambda p, t: (p.abs() - t.abs()).abs())
relative_distance = _formula(lambda p, t: (p - t).abs() / t.abs().clamp(min=1.0))
signed_distance = _formula(lambda p, t: p - t)
target_clamped = _formula(lambda p, t: (p - t.clamp(-1e4, 1e4)).abs())
branch_at_zero = _formula(lambda p, t: torch.where(p - t > 0, p - t, t - p))
kink_slope_one = _slope(lambda gap: torch.where(gap >= 0, 1.0, -1.0) + 0.0 * gap)
kink_slope_nan = _slope(lambda gap: gap / gap.abs())
flat_near_kink = _slope(lambda gap: torch.where(gap.abs() < 1e-6, 0.0 * gap, torch.sign(gap)))
gradient_clipped = regression(faults.with_gradient(L1, lambda g: g.clamp(-1.0, 1.0)))
subtracted_in_half = regression(faults.computed_in(L1, torch.float16))
gradient_negated = regression(faults.negated(L1))
gradient_zero = regression(faults.zero_gradient(L1))
gradient_detached = faults.detached(regression(L1))
no_target_gradient = regression(faults.without_gradient_of(L1, 1))
unweighted_mean = regression(faults.unweighted_mean(L1))
summed_in_half = regression(faults.summed_in(L1, torch.float16))
one_ulp_up = regression(faults.up_one_ulp(L1))
a_thousandth_high = regression(faults.scaled(L1, 1.0 + 1e-3))
in_float32 = regression(faults.computed_in(L1, torch.float32))
silent_broadcast = regression(faults.unchecked(L1))
infinity_clamped = regression(
    faults.with_value(L1, lambda v: v.clamp(max=torch.finfo(torch.float32).max))
)
zero_where_nan = regression(
    faults.with_losses(L1, lambda each, *_: torch.nan_to_num(each, nan=0.0))
)
subnormal_distance_lost = regression(
    faults.with_losses(
        L1,
        lambda each, p, t: torch.where(each < torch.finfo(torch.float32).tiny, 0.0 * each, each),
    )
)


weights_added_one_by_one = regression(
    replace(
        L1,
        divisor=lambda losses, p, t, *, weight=None: (
            float(losses.numel()) if weight is None else weight.expand(losses.shape).sum()
        ),
        width=torch.float32,
    )
)


def wrong_for_seventeen(prediction, target, *, weight=None, reduction="mean"):
    """Reads the last sample twice when a batch is one longer than the block."""
    if prediction.ndim and prediction.shape[0] == 17:
        prediction = torch.cat([prediction[:15], prediction[16:], prediction[16:]])
    return regression(L1)(prediction, target, weight=weight, reduction=reduction)


def overwrites_prediction(prediction, target, *, weight=None, reduction="mean"):
    """Subtracts in place to save memory."""
    found = regression(L1)(prediction, target, weight=weight, reduction=reduction)
    prediction.data.sub_(target.data)
    return found


def reads_memory_order(prediction, target, *, weight=None, reduction="mean"):
    """Takes for granted that inputs are contiguous: walks the storage from its first element."""
    flat = [
        each if each.is_contiguous() else torch.as_strided(each, each.shape, _packed(each.shape))
        for each in (prediction, target)
    ]
    return regression(L1)(*flat, weight=weight, reduction=reduction)


def _packed(shape):
    return torch.empty(shape, device="meta").stride()


def weight_twice(prediction, target, *, weight=None, reduction="mean"):
    squared = None if weight is None else weight * weight
    if reduction == "mean" and weight is not None:
        total = weight.expand(prediction.shape).sum()
        return regression(L1)(prediction, target, weight=squared, reduction="sum") / total
    return regression(L1)(prediction, target, weight=squared, reduction=reduction)
