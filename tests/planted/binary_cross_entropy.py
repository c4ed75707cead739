"""Faulty implementations of binary_cross_entropy."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.elementwise import BCE, bce_gradients, bce_losses, times
from tests.planted.entry import binary
from tests.planted.kernel import weighted


def _logs(log_p, log_q, **parts):
    """Other logarithms of p and of 1 - p; the gradient stays right."""

    def losses(probabilities, target, *, weight=None):
        p = probabilities + 0.0
        both = times(target, -log_p(p)) + times(1.0 - target, -log_q(p))
        return weighted(both, weight)

    return binary(replace(BCE, losses=losses, **parts))


def _target(change):
    return binary(
        replace(
            BCE,
            losses=lambda p, t, **k: bce_losses(p, change(t), **k),
            gradients=lambda g, p, t, **k: bce_gradients(g, p, change(t), **k),
        )
    )


def _log_one_less(p):
    return torch.log(1.0 - p)


def _slope(slope_of):
    """Another slope by the probability."""

    def gradients(share, p, t, *, weight=None):
        _, towards = bce_gradients(share, p, t, weight=weight)
        return weighted(share, weight) * slope_of(p, t), towards

    return binary(replace(BCE, gradients=gradients))


def _saturated(losses, p, t):
    """A perfect prediction is scored as if it were half right."""
    return torch.where((p == t) & ((p == 0) | (p == 1)), losses + 0.5, losses)


def _sum_of_weights(losses, p, t, *, weight=None):
    return float(losses.numel()) if weight is None else weight.expand(losses.shape).sum()


missing_log1p = _logs(torch.log, _log_one_less, width=None)
missing_log1p_in_float32 = _logs(torch.log, _log_one_less, width=torch.float32)
log_plus_epsilon = _logs(lambda p: torch.log(p + 1e-7), lambda p: torch.log1p(-p + 1e-7))
log_plus_tiny_epsilon = _logs(lambda p: torch.log(p + 1e-12), lambda p: torch.log(1.0 - p + 1e-12))
clipped = _logs(
    lambda p: torch.log(p.clamp(min=1e-6)), lambda p: torch.log1p(-p.clamp(max=1.0 - 1e-6))
)
infinity_clamped = _logs(
    lambda p: torch.log(p).clamp(min=-50.0), lambda p: torch.log1p(-p).clamp(min=-50.0)
)
logs_in_bits = _logs(torch.log2, lambda p: torch.log1p(-p) / 0.6931471805599453)
swapped = _logs(lambda p: torch.log1p(-p), torch.log)
series_for_small = _logs(
    torch.log, lambda p: torch.where(p < 1e-2, -p - p * p / 2, torch.log1p(-p))
)
negative_term_missing = _logs(torch.log, torch.zeros_like)
target_hardened = _target(lambda t: (t >= 0.5).to(t.dtype) + 0.0 * t)
target_smoothed = _target(lambda t: t * (1.0 - 1e-5) + 5e-6)
inputs_swapped = binary(
    replace(BCE, losses=lambda p, t, **k: bce_losses(t.clamp(0.0, 1.0), p, **k))
)
past_one_clamped = faults.given(binary(BCE), lambda p, t: (p.clamp(0.0, 1.0), t))
nan_at_saturation = _slope(lambda p, t: (p - t) / (p * (1.0 - p)))
slope_floored = _slope(lambda p, t: (p - t) / (p * (1.0 - p)).clamp(min=1e-12))
slope_clipped = _slope(lambda p, t: ((p - t) / (p * (1.0 - p))).clamp(-1e3, 1e3))
slope_without_variance = _slope(lambda p, t: p - t)
no_target_gradient = binary(faults.without_gradient_of(BCE, 1))
gradient_of_ones_only = binary(faults.along_ones(BCE))
gradient_undivided = binary(faults.undivided(BCE))
gradient_through_bfloat16 = binary(faults.gradient_through(BCE, torch.bfloat16))
perfect_is_not_free = binary(faults.with_losses(BCE, _saturated))
subnormal_is_zero = _logs(
    lambda p: torch.log(torch.where(p < torch.finfo(torch.float32).tiny, 0.0, p)),
    lambda p: torch.log1p(-p),
)
zero_where_nan = binary(
    faults.with_losses(
        BCE, lambda each, *_: torch.where(each.isnan(), torch.zeros_like(each), each)
    )
)
in_float32 = binary(faults.computed_in(BCE, torch.float32))
a_thousandth_high = binary(faults.scaled(BCE, 1.0 + 1e-3))
always_float64 = faults.returned_as(binary(BCE), torch.float64)

weights_in_mean = binary(replace(BCE, divisor=_sum_of_weights))
