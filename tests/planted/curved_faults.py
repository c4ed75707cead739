"""Losses whose forward mode or second derivatives are wrong, and whose value and gradient are not."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted.curvatures import (
    CURVED_BCE,
    CURVED_CROSS_ENTROPY,
    CURVED_KL,
    CURVED_L1,
    CURVED_LOGITS,
    CURVED_MSE,
    CURVED_NLL,
    CURVED_SHARES,
    cross_entropy_bent,
    kl_bent,
    logits_bent,
    own_of,
    shares_bent,
    softmax,
)
from tests.planted.curved import along_slopes
from tests.planted.entry import (
    binary,
    binary_logits,
    class_shares,
    cross_entropy,
    divergence,
    nll,
    regression,
)
from tests.planted.kernel import weighted
from tests.planted.misdifferentiated import (
    along_ones,
    bent_by,
    by_count,
    detached,
    finished,
    first_alone,
    forgetting,
    kept,
    standing,
    swapped,
    turned_by,
    undivided,
    without_mixed,
)


def without_two(share, along, prediction, target, *, weight=None):
    bend = weighted(share, weight) * (along[0] - along[1])
    return bend, -bend


l1_second_returns_slope = regression(
    bent_by(
        CURVED_L1,
        lambda share, along, p, t, *, weight=None: CURVED_L1.kernel.gradients(
            share * (along[0] - along[1]), p, t, weight=weight
        ),
    )
)
l1_tangent_unsigned = regression(
    replace(
        CURVED_L1,
        moved=lambda kernel, along, p, t, *, weight=None: weighted(
            (along[0] - along[1]).abs(), weight
        ),
    )
)
mse_slope_kept = regression(kept(CURVED_MSE.kernel))
mse_slope_detached = regression(detached(CURVED_MSE.kernel))
mse_second_zero = regression(finished(CURVED_MSE, torch.zeros_like))
mse_second_negated = regression(finished(CURVED_MSE, torch.neg))
mse_second_without_two = regression(bent_by(CURVED_MSE, without_two))
mse_second_undivided = regression(replace(CURVED_MSE, share=undivided))
mse_second_of_ones = regression(replace(CURVED_MSE, share=along_ones))
mse_tangent_of_prediction = regression(standing(CURVED_MSE, 1))
mse_second_without_cotangent = regression(
    replace(CURVED_MSE, own=lambda kernel, along, *inputs, **named: 0.0 * inputs[0])
)
mse_tangent_halved = regression(turned_by(CURVED_MSE, 0.5))
mse_tangent_by_count = regression(by_count(CURVED_MSE))


def slope_squared(share, along, probabilities, target, *, weight=None):
    """The square of the slope, which is the curvature of a hard label."""
    p, (by_p, by_t) = probabilities, along
    slope = (p - target) / (p * (1.0 - p))
    mixed = -1.0 / (p * (1.0 - p))
    each = weighted(share, weight)
    return each * (slope * slope * by_p + mixed * by_t), each * (mixed * by_p)


def clamped_tangent(kernel, along, probabilities, target, *, weight=None):
    inside = probabilities.clamp(0.1, 0.9)
    return along_slopes(kernel, along, inside, target, weight=weight)


bce_second_by_slope_squared = binary(bent_by(CURVED_BCE, slope_squared))
bce_second_of_probabilities = binary(first_alone(CURVED_BCE))
bce_tangent_clamped = binary(replace(CURVED_BCE, moved=clamped_tangent))
bce_tangent_unweighted = binary(forgetting(CURVED_BCE, "weight"))


def sigmoid_for_its_slope(share, along, logits, target, *, weight=None, pos_weight=None):
    """The derivative of the sigmoid without its factor 1 - s."""
    more, (by_x, _) = 1.0 if pos_weight is None else pos_weight, along
    bent, by_target = logits_bent(
        share, [0.0 * by_x, along[1]], logits, target, weight=weight, pos_weight=pos_weight
    )
    own = torch.sigmoid(logits) * ((1.0 - target) + more * target)
    mixed = logits_bent(
        share, [by_x, 0.0 * by_x], logits, target, weight=weight, pos_weight=pos_weight
    )[1]
    return bent + weighted(share, weight) * own * by_x, by_target + mixed


def without_pos_weight(share, along, logits, target, *, weight=None, pos_weight=None):
    return logits_bent(share, along, logits, target, weight=weight)


logits_second_without_mixed = binary_logits(without_mixed(CURVED_LOGITS))
logits_second_without_pos_weight = binary_logits(bent_by(CURVED_LOGITS, without_pos_weight))
logits_second_by_sigmoid = binary_logits(bent_by(CURVED_LOGITS, sigmoid_for_its_slope))
logits_second_in_half = binary_logits(
    finished(CURVED_LOGITS, lambda each: each.half().to(each.dtype))
)
logits_tangent_without_pos_weight = binary_logits(forgetting(CURVED_LOGITS, "pos_weight"))
logits_slope_kept = binary_logits(kept(CURVED_LOGITS.kernel))


def linear_in_target(share, along, log_probabilities, target, *, log_target=False):
    """The entropy of the target taken for a constant, as where targets never learn."""
    if log_target:
        return kl_bent(share, along, log_probabilities, target, log_target=True)
    return share * -along[1], share * -along[0]


kl_second_without_entropy = divergence(bent_by(CURVED_KL, linear_in_target))
kl_second_swapped = divergence(swapped(CURVED_KL))
kl_tangent_of_probabilities = divergence(forgetting(CURVED_KL, "log_target"))
kl_tangent_by_count = divergence(by_count(CURVED_KL))

nll_tangent_unweighted = nll(forgetting(CURVED_NLL, "weight"))
nll_tangent_by_count = nll(by_count(CURVED_NLL))


def diagonal(share, along, logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
    """The diagonal of the softmax's derivative: the outer product is missing."""
    own = own_of(logits, target, weight, ignore_index, label_smoothing)
    return share.unsqueeze(-1) * own.sum(-1, keepdim=True) * softmax(logits) * along[0], None


def one_a_sample(
    share, along, logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0
):
    """The class weights are in the first derivative only."""
    return cross_entropy_bent(
        share, along, logits, target, ignore_index=ignore_index, label_smoothing=label_smoothing
    )


cross_entropy_slope_kept = cross_entropy(kept(CURVED_CROSS_ENTROPY.kernel))
cross_entropy_second_diagonal = cross_entropy(bent_by(CURVED_CROSS_ENTROPY, diagonal))
cross_entropy_second_unweighted = cross_entropy(bent_by(CURVED_CROSS_ENTROPY, one_a_sample))
cross_entropy_second_of_ones = cross_entropy(replace(CURVED_CROSS_ENTROPY, share=along_ones))
cross_entropy_tangent_unsmoothed = cross_entropy(
    forgetting(CURVED_CROSS_ENTROPY, "label_smoothing")
)
cross_entropy_tangent_by_count = cross_entropy(by_count(CURVED_CROSS_ENTROPY))


def mass_of_one(share, along, logits, target, *, weight=None, label_smoothing=0.0):
    """The softmax bends once a sample, whatever its shares and weights add up to."""
    bent, by_target = shares_bent(
        share, [0.0 * along[0], along[1]], logits, target,
        weight=weight, label_smoothing=label_smoothing,
    )  # fmt: skip
    p = softmax(logits)
    own = p * (along[0] - (p * along[0]).sum(-1, keepdim=True))
    costs = shares_bent(
        share, [along[0], 0.0 * along[1]], logits, target,
        weight=weight, label_smoothing=label_smoothing,
    )[1]  # fmt: skip
    return bent + share.unsqueeze(-1) * own, by_target + costs


class_shares_second_of_logits = class_shares(first_alone(CURVED_SHARES))
class_shares_second_of_mass_one = class_shares(bent_by(CURVED_SHARES, mass_of_one))
class_shares_second_swapped = class_shares(swapped(CURVED_SHARES))
class_shares_tangent_of_logits = class_shares(standing(CURVED_SHARES, 1))
