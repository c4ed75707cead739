"""Faulty implementations of cross_entropy_probabilities."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.classes import (
    CLASS_SHARES,
    asked_costs,
    costs,
    shares_gradients,
    shares_losses,
    smoothed,
    tamed,
)
from tests.planted.entry import class_shares
from tests.planted.kernel import weighted


def _target(change):
    """The target is changed first, in value and gradient alike."""
    return class_shares(
        replace(
            CLASS_SHARES,
            losses=lambda x, t, **k: shares_losses(x, change(t), **k),
            gradients=lambda g, x, t, **k: shares_gradients(g, x, change(t), **k),
        )
    )


def _losses(terms):
    """Another sum over the classes; the gradient stays right."""

    def losses(logits, target, *, weight=None, label_smoothing=0.0):
        return terms(logits, target, weight, label_smoothing)

    return class_shares(replace(CLASS_SHARES, losses=losses))


def _plain(logits, target, weight, smoothing, cost_of=asked_costs):
    share = smoothed(target, smoothing)
    return weighted(share * cost_of(logits, share), weight).sum(-1)


def _less_entropy(logits, target, weight, smoothing):
    """The divergence: less by the entropy of the target."""
    share = smoothed(target, smoothing)
    each = asked_costs(logits, share) + torch.log(share.clamp(min=1e-300))
    return weighted(share * each, weight).sum(-1)


def _over_others(logits, target, weight, smoothing):
    """Smoothing by s / (K - 1)."""
    share = (1.0 - smoothing) * target + smoothing / max(target.shape[-1] - 1, 1)
    return weighted(share * asked_costs(logits, share), weight).sum(-1)


def _assumed_one(share, logits, target, *, weight=None, label_smoothing=0.0):
    """softmax - target, right where a row of the target sums to one."""
    _, towards = shares_gradients(
        share, logits, target, weight=weight, label_smoothing=label_smoothing
    )
    own = weighted(smoothed(target, label_smoothing), weight)
    slope = torch.softmax(tamed(logits), -1) - own
    return share.unsqueeze(-1) * slope, towards


def _hard_product(logits, target, weight, smoothing):
    """Zero times an infinite cost."""
    return weighted(smoothed(target, smoothing) * costs(logits), weight).sum(-1)


def _unit(target):
    return target / target.sum(-1, keepdim=True)


def _likeliest(target):
    """Only the largest share, as of a class index."""
    place = target.argmax(-1, keepdim=True)
    return torch.zeros_like(target).scatter(-1, place, 1.0)


target_renormalised = _target(_unit)
target_hardened = _target(_likeliest)
target_clamped = _target(lambda t: t.clamp(1e-7, 1.0))
target_shifted = _target(lambda t: t + 1e-12)
weights_dropped = _losses(lambda x, t, w, s: _plain(x, t, None, s))
smoothing_dropped = _losses(lambda x, t, w, s: _plain(x, t, w, 0.0))
smoothing_over_others = _losses(_over_others)
smoothing_without_weights = _losses(
    lambda x, t, w, s: (1.0 - s) * _plain(x, t, w, 0.0) + s * _plain(x, t, None, 1.0)
)
divergence_instead = _losses(_less_entropy)
zero_times_infinity = _losses(_hard_product)
log_of_softmax = _losses(
    lambda x, t, w, s: _plain(x, t, w, s, lambda y, q: -torch.log(torch.softmax(y.float(), -1)))
)
log_of_softmax_plus_epsilon = _losses(
    lambda x, t, w, s: _plain(x, t, w, s, lambda y, q: -torch.log(torch.softmax(y, -1) + 1e-6))
)
last_class_dropped = _losses(
    lambda x, t, w, s: weighted(smoothed(t, s) * asked_costs(x, smoothed(t, s)), w)[..., :-1].sum(
        -1
    )
)
mass_assumed_one = class_shares(replace(CLASS_SHARES, gradients=_assumed_one))
entries_in_mean = class_shares(
    replace(CLASS_SHARES, divisor=lambda losses, logits, *a, **k: float(max(logits.numel(), 1)))
)
weights_in_mean = class_shares(
    replace(
        CLASS_SHARES,
        divisor=lambda losses, logits, target, *, weight=None, **_: (
            float(losses.numel()) if weight is None else weighted(target, weight).sum()
        ),
    )
)
no_target_gradient = class_shares(faults.without_gradient_of(CLASS_SHARES, 1))
gradient_doubled = class_shares(faults.doubled(CLASS_SHARES))
gradient_of_ones_only = class_shares(faults.along_ones(CLASS_SHARES))
gradient_a_thousandth_off = class_shares(
    faults.with_gradient(CLASS_SHARES, lambda g: g * (1.0 + 1e-3))
)
in_float32 = class_shares(faults.computed_in(CLASS_SHARES, torch.float32))
summed_in_bfloat16 = class_shares(faults.summed_in(CLASS_SHARES, torch.bfloat16))
silent_broadcast = class_shares(faults.unchecked(CLASS_SHARES))
nan_hidden = class_shares(
    faults.with_losses(
        CLASS_SHARES, lambda each, *_: torch.nan_to_num(each, nan=0.0, posinf=torch.inf)
    )
)
a_hundred_thousandth_high = class_shares(faults.scaled(CLASS_SHARES, 1.0 + 1e-5))
depends_on_batch = class_shares(
    replace(
        CLASS_SHARES,
        losses=lambda x, t, **k: shares_losses(
            x.float() if x.ndim > 1 and x.shape[0] % 2 else x,
            t.float() if x.ndim > 1 and x.shape[0] % 2 else t,
            **k,
        ).to(x.dtype),
    )
)
