"""Faulty implementations of cross_entropy."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.classes import (
    CROSS_ENTROPY,
    beaten,
    costs,
    cross_entropy_gradients,
    cross_entropy_losses,
    even_weights,
    kept_weight,
    picked,
    split,
    surprisal,
    tamed,
    weights_of,
)
from tests.planted.entry import cross_entropy


def _cost(cost_of, **parts):
    """Another way to the cost of each class; infinite logits and the gradient stay right."""

    def finite(logits):
        return torch.where(beaten(logits), torch.inf, cost_of(tamed(logits)))

    def losses(logits, target, **parameters):
        return cross_entropy_losses(logits, target, cost_of=finite, **parameters)

    return cross_entropy(replace(CROSS_ENTROPY, losses=losses, **parts))


def _folded(x):
    """log(e^a + e^b), class after class: the logarithm is rounded once for each of them."""
    total = torch.full_like(x[..., :1], -torch.inf)
    for each in x.split(1, -1):
        total = torch.logaddexp(total, each)
    return total - x


def _smoothing(soft_of, by_count=False):
    """Another idea of the smoothed part, in the value."""

    def losses(logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
        kept, index = split(target, ignore_index)
        each = costs(logits)
        found = weights_of(index, weight, logits) * picked(each, index)
        if label_smoothing != 0.0:
            soft = soft_of(each, index, even_weights(logits, weight))
            found = (1.0 - label_smoothing) * found + label_smoothing * soft
        return torch.where(kept, found, 0.0)

    return cross_entropy(replace(CROSS_ENTROPY, losses=losses))


def _over_others(each, index, weight):
    """The share of the target itself goes to the others: divided by K - 1."""
    classes = each.shape[-1]
    return ((weight * each).sum(-1) - weight[index] * picked(each, index)) / max(classes - 1, 1)


def _shifted_by_batch(x):
    """One maximum for the whole batch: rows far below it underflow."""
    shifted = x - (x.max() if x.numel() else 0.0)
    return torch.log(torch.exp(shifted).sum(-1, keepdim=True)) - shifted


def _masked(logits, keep):
    """The classes that `keep` leaves in the sum of the softmax."""
    held = torch.where(keep, logits, -torch.inf)
    return torch.logsumexp(held, -1, keepdim=True) - logits


def _not(logits, place):
    return torch.arange(logits.shape[-1]) != place % logits.shape[-1]


def _some(logits, place):
    """All classes but one, where there are others."""
    return _not(logits, place) | (logits.shape[-1] == 1)


def _online(x, dtype):
    """Softmax's denominator kept in a narrow running sum."""
    top = x.amax(-1, keepdim=True)
    total = torch.zeros_like(top, dtype=dtype)
    for each in torch.exp(x - top).split(1, -1):
        total = total + each.to(dtype)
    return torch.log(total.to(x.dtype)) + (top - x)


def _first_axis_softmax(x):
    """Softmax over axis 1, which is the classes of a matrix only."""
    return -torch.log_softmax(x, 1 if x.ndim > 1 else 0)


no_max_shift = _cost(lambda x: torch.log(torch.exp(x).sum(-1, keepdim=True)) - x, width=None)
batch_max_shift = _cost(_shifted_by_batch, width=torch.float32)
log_of_softmax = _cost(lambda x: -torch.log(torch.softmax(x, -1)), width=torch.float32)
log_of_softmax_plus_epsilon = _cost(lambda x: -torch.log(torch.softmax(x, -1) + 1e-8))
softmax_clipped = _cost(lambda x: -torch.log(torch.softmax(x, -1).clamp(1e-7, 1.0 - 1e-7)))
softmax_twice = _cost(lambda x: surprisal(torch.softmax(x, -1)))
bits_not_nats = _cost(lambda x: costs(x) / math.log(2.0))
logits_clamped = _cost(lambda x: surprisal(x.clamp(-50.0, 50.0)))
temperature_slipped = _cost(lambda x: costs(x * (1.0 + 1e-3)))
log_two_a_little_off = _cost(lambda x: costs(x) * (0.69315 / math.log(2.0)))
first_class_left_out = _cost(lambda x: _masked(x, _some(x, 0)))
last_class_left_out = _cost(lambda x: _masked(x, _some(x, -1)))
padded_class_counted = _cost(
    lambda x: torch.logaddexp(torch.logsumexp(x, -1, keepdim=True), torch.zeros(())) - x
)
total_in_half = _cost(lambda x: _online(x, torch.float16))
total_in_bfloat16 = _cost(lambda x: _online(x, torch.bfloat16))
softmax_over_axis_one = _cost(_first_axis_softmax)
masked_class_is_nan = _cost(lambda x: surprisal(x) + 0.0 * x)
infinite_cost_clamped = _cost(lambda x: costs(x).clamp(max=100.0))
near_certain_is_zero = _cost(
    lambda x: torch.where(costs(x) < 1e-6, torch.zeros(()).to(x), costs(x))
)
mask_fill_value = _cost(lambda x: costs(torch.where(x.isneginf(), -1e4, x)))
folded_class_after_class = _cost(_folded)
past_block_of_classes = _cost(lambda x: _masked(x, torch.arange(x.shape[-1]) < 64))
smoothing_over_others = _smoothing(_over_others)
smoothing_without_weights = _smoothing(lambda each, index, weight: each.mean(-1))
smoothing_by_target_weight = _smoothing(lambda each, index, weight: weight[index] * each.mean(-1))
smoothing_summed = _smoothing(lambda each, index, weight: (weight * each).sum(-1))


def _unsmoothed_gradient(share, logits, target, *, label_smoothing=0.0, **parameters):
    return cross_entropy_gradients(share, logits, target, **parameters)


def _half_way_gradient(share, logits, target, *, label_smoothing=0.0, **parameters):
    """The target keeps 1 - s, the others get nothing."""
    slope, _ = cross_entropy_gradients(share, logits, target, **parameters)
    return (1.0 - label_smoothing) * slope, None


def _ignored_in_gradient(share, logits, target, *, ignore_index=-100, **parameters):
    """A gradient flows to ignored rows, as if their target were class 0."""
    index = split(target, ignore_index)[1]
    return cross_entropy_gradients(share, logits, index, ignore_index=-1, **parameters)


def _ignored_counted(losses, logits, target, *, weight=None, ignore_index=-100, **_):
    return weights_of(split(target, ignore_index)[1], weight, logits).sum()


def _by_product(logits, target, *, ignore_index=-100, **parameters):
    """Zero times the ignored loss: a NaN in padding spreads."""
    kept, index = split(target, ignore_index)
    return cross_entropy_losses(logits, index, ignore_index=-1, **parameters) * kept


def _softmax_in_half(share, logits, target, **parameters):
    slope, _ = cross_entropy_gradients(share, logits, target, **parameters)
    return slope.half().to(slope.dtype), None


smoothing_not_in_gradient = cross_entropy(replace(CROSS_ENTROPY, gradients=_unsmoothed_gradient))
smoothing_half_in_gradient = cross_entropy(replace(CROSS_ENTROPY, gradients=_half_way_gradient))
gradient_to_ignored = cross_entropy(replace(CROSS_ENTROPY, gradients=_ignored_in_gradient))
ignored_counted = cross_entropy(replace(CROSS_ENTROPY, divisor=_ignored_counted))
ignored_by_product = cross_entropy(replace(CROSS_ENTROPY, losses=_by_product))
weightless_mean = cross_entropy(
    replace(
        CROSS_ENTROPY,
        divisor=lambda losses, logits, target, *, weight=None, **parameters: kept_weight(
            losses, logits, target, **parameters
        ),
    )
)
gradient_in_half = cross_entropy(replace(CROSS_ENTROPY, gradients=_softmax_in_half))
gradient_negated = cross_entropy(faults.negated(CROSS_ENTROPY))
gradient_of_ones_only = cross_entropy(faults.along_ones(CROSS_ENTROPY))
gradient_undivided = cross_entropy(faults.undivided(CROSS_ENTROPY))
gradient_of_summed_cotangent = cross_entropy(faults.summed_cotangent(CROSS_ENTROPY))
in_float32 = cross_entropy(faults.computed_in(CROSS_ENTROPY, torch.float32))
one_ulp_up = cross_entropy(faults.up_one_ulp(CROSS_ENTROPY))
always_float32 = faults.returned_as(cross_entropy(CROSS_ENTROPY), torch.float32)


def target_as_row(logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0,
                  reduction="mean"):  # fmt: skip
    """A single target stands for all samples."""
    spread = target.expand(logits.shape[:-1]) if target.numel() == 1 else target
    return cross_entropy(CROSS_ENTROPY)(
        logits, spread, weight=weight, ignore_index=ignore_index,
        label_smoothing=label_smoothing, reduction=reduction,
    )  # fmt: skip


def gradient_kept_in_logits(logits, target, *, weight=None, ignore_index=-100,
                            label_smoothing=0.0, reduction="mean"):  # fmt: skip
    """Saves memory: the logits' own storage becomes the gradient."""
    found = cross_entropy(CROSS_ENTROPY)(
        logits.clone(), target, weight=weight, ignore_index=ignore_index,
        label_smoothing=label_smoothing, reduction=reduction,
    )  # fmt: skip
    logits.data.copy_(torch.softmax(logits.data.float(), -1) if logits.ndim else logits.data)
    return found


def _met(logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
    """Wrong only where a weight, smoothing and an ignored sample meet."""
    found = cross_entropy_losses(
        logits, target, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing
    )
    kept, index = split(target, ignore_index)
    if weight is None or label_smoothing == 0.0 or kept.all():
        return found
    soft = weight[index] * costs(logits).sum(-1) / logits.shape[-1]
    hard = weight[index] * picked(costs(logits), index)
    return torch.where(kept, (1.0 - label_smoothing) * hard + label_smoothing * soft, 0.0)


three_options_meet = cross_entropy(replace(CROSS_ENTROPY, losses=_met))
