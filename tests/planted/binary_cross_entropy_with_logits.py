"""Faulty implementations of binary_cross_entropy_with_logits."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.elementwise import BCE_LOGITS, logits_gradients, logits_losses, softplus
from tests.planted.entry import binary_logits
from tests.planted.kernel import check_reals, check_reduction, demand, weighted


def _two(if_true, if_false, **parts):
    """Other forms of the losses of a true and of a false label; the gradient stays right."""

    def losses(logits, target, *, weight=None, pos_weight=None):
        none = torch.zeros_like(logits)
        positive = weighted(target * if_true(logits), pos_weight)
        negative = (1.0 - target) * if_false(logits)
        infinite = logits.isinf()
        positive = torch.where(infinite & (target == 0), none, positive)
        negative = torch.where(infinite & (target == 1), none, negative)
        return weighted(positive + negative, weight)

    return binary_logits(replace(BCE_LOGITS, losses=losses, **parts))


def _plus(of, **parts):
    """Another softplus for both labels."""
    return _two(lambda x: of(-x), of, **parts)


def _positive(value_of):
    """Another use of pos_weight; the gradient stays right."""

    def losses(logits, target, *, weight=None, pos_weight=None):
        if pos_weight is None:
            return logits_losses(logits, target, weight=weight)
        return weighted(value_of(logits, target, pos_weight), weight)

    return binary_logits(replace(BCE_LOGITS, losses=losses))


def _slope(slope_of):
    """Another slope by the logits where there are no positive weights."""

    def gradients(share, logits, target, *, weight=None, pos_weight=None):
        right = logits_gradients(share, logits, target, weight=weight, pos_weight=pos_weight)
        if pos_weight is not None:
            return right
        return weighted(share, weight) * slope_of(logits, target), right[1]

    return binary_logits(replace(BCE_LOGITS, gradients=gradients))


def _relu_form(logits, target, *, weight=None, pos_weight=None):
    """max(x, 0) - x y + log1p(exp(-|x|)), differentiated piece by piece: both kinks are flat."""
    if pos_weight is None:
        each = torch.relu(logits) - logits * target + torch.log1p(torch.exp(-logits.abs()))
        return weighted(each, weight)
    share = 1.0 + (pos_weight - 1.0) * target
    tail = torch.log1p(torch.exp(-logits.abs())) + torch.relu(-logits)
    return weighted((1.0 - target) * logits + share * tail, weight)


def _polynomial(x):
    """log1p of the exponential by a few terms: right to five digits."""
    small = torch.exp(-x.abs())
    y = small / (2.0 + small)
    return x.clamp(min=0.0) + 2.0 * (y + y**3 / 3 + y**5 / 5 + y**7 / 7)


def _loose(logits, target, *, weight=None, pos_weight=None, reduction):
    """Lets shapes broadcast."""
    check_reals(logits, target)
    check_reduction(reduction)
    demand(logits.numel() >= target.numel(), "more targets than logits")


def _negative_side(x, t, w):
    return t * softplus(-x) + w * (1.0 - t) * softplus(x)


naive_sigmoid = _two(
    lambda x: -torch.log(torch.sigmoid(x)), lambda x: -torch.log(1.0 - torch.sigmoid(x)),
    width=torch.float32,
)  # fmt: skip
sigmoid_plus_epsilon = _two(
    lambda x: -torch.log(torch.sigmoid(x) + 1e-12),
    lambda x: -torch.log(1.0 - torch.sigmoid(x) + 1e-12),
)
missing_log1p = _plus(
    lambda x: x.clamp(min=0.0) + torch.log(1.0 + torch.exp(-x.abs())), width=torch.float32
)
missing_log1p_in_float64 = _plus(lambda x: x.clamp(min=0.0) + torch.log(1.0 + torch.exp(-x.abs())))
exponential_overflows = _plus(lambda x: torch.log1p(torch.exp(x)), width=torch.float32)
two_class_softmax = _plus(
    lambda x: torch.logsumexp(torch.stack([x, torch.zeros_like(x)]), 0), width=torch.float32
)
softplus_threshold = _plus(lambda x: torch.nn.functional.softplus(x, threshold=20.0))
softplus_threshold_low = _plus(lambda x: torch.nn.functional.softplus(x, threshold=10.0))
logits_clipped = _plus(lambda x: softplus(x.clamp(-30.0, 30.0)))
polynomial_softplus = _plus(_polynomial)
kinks_are_flat = binary_logits(faults.formula(BCE_LOGITS, _relu_form, width=None))
pos_weight_on_negatives = _positive(_negative_side)
pos_weight_on_both = _positive(lambda x, t, w: w * logits_losses(x, t))
pos_weight_ignored = _positive(lambda x, t, w: logits_losses(x, t))
pos_weight_inside_log = _positive(lambda x, t, w: t * softplus(-x * w) + (1.0 - t) * softplus(x))
pos_weight_off_by_one = _positive(
    lambda x, t, w: (1.0 + w) * t * softplus(-x) + (1.0 - t) * softplus(x)
)
pos_weight_not_in_gradient = binary_logits(
    replace(
        BCE_LOGITS,
        gradients=lambda g, x, t, *, weight=None, pos_weight=None: logits_gradients(
            g, x, t, weight=weight
        ),
    )
)
pos_weight_in_mean = binary_logits(
    replace(
        BCE_LOGITS,
        divisor=lambda losses, x, t, *, weight=None, pos_weight=None: (
            float(losses.numel())
            if pos_weight is None
            else (pos_weight * t + 1.0 - t).expand(losses.shape).sum()
        ),
    )
)
target_sign_labels = _two(softplus, lambda x: softplus(-x))
slope_saturates = _slope(lambda x, t: torch.sigmoid(x.clamp(-15.0, 15.0)) - t)
slope_of_hard_sigmoid = _slope(lambda x, t: (x / 6.0 + 0.5).clamp(0.0, 1.0) - t)
slope_of_tanh = _slope(lambda x, t: 0.5 * (torch.tanh(0.5 * x) + 1.0).float().to(x.dtype) - t)
gradient_negated = binary_logits(faults.negated(BCE_LOGITS))
gradient_detached = faults.detached(binary_logits(BCE_LOGITS))
gradient_undivided = binary_logits(faults.undivided(BCE_LOGITS))
gradient_of_summed_cotangent = binary_logits(faults.summed_cotangent(BCE_LOGITS))
no_target_gradient = binary_logits(faults.without_gradient_of(BCE_LOGITS, 1))
in_float32 = binary_logits(faults.computed_in(BCE_LOGITS, torch.float32))
through_bfloat16 = binary_logits(faults.through(BCE_LOGITS, torch.bfloat16))
one_ulp_up = binary_logits(faults.up_one_ulp(BCE_LOGITS))
a_thousandth_high = binary_logits(faults.scaled(BCE_LOGITS, 1.0 + 1e-3))
summed_in_bfloat16 = binary_logits(faults.summed_in(BCE_LOGITS, torch.bfloat16))
less_one_in_mean = binary_logits(
    faults.divided_by(BCE_LOGITS, lambda divisor, losses: max(divisor - 1.0, 1.0))
)
silent_broadcast = binary_logits(replace(BCE_LOGITS, check=_loose))
scalar_for_one_sample = faults.wrapped(
    binary_logits(BCE_LOGITS), lambda value: value.reshape(()) if value.numel() == 1 else value
)


def first_call_only(logits, target, *, weight=None, pos_weight=None, reduction="mean"):
    """Keeps the positive weight of the first call that had one of that shape."""
    if pos_weight is not None:
        pos_weight = _KEPT.setdefault((tuple(pos_weight.shape), pos_weight.dtype), pos_weight)
    return binary_logits(BCE_LOGITS)(
        logits, target, weight=weight, pos_weight=pos_weight, reduction=reduction
    )


_KEPT: dict = {}
