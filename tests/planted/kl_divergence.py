"""Faulty implementations of kl_divergence."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.elementwise import KL, kl_gradients, kl_losses
from tests.planted.entry import divergence
from tests.planted.kernel import check_reals, check_reduction, run


def _terms(of):
    """Another entry, from p, log p and log q; the gradient stays right."""

    def losses(log_probabilities, target, *, log_target=False):
        p, log_p = (target.exp(), target) if log_target else (target, target.log())
        nothing = torch.where(log_probabilities.isnan(), log_probabilities, 0.0)
        return torch.where(log_p.isneginf(), nothing, of(p, log_p, log_probabilities))

    return divergence(replace(KL, losses=losses))


def _flag(change):
    """Another idea of whether the target is a logarithm."""
    return divergence(
        replace(
            KL,
            losses=lambda q, t, *, log_target=False: kl_losses(q, t, log_target=change(log_target)),
            gradients=lambda g, q, t, *, log_target=False: kl_gradients(
                g, q, t, log_target=change(log_target)
            ),
        )
    )


def _target(change):
    """A target probability is changed first, in value and gradient alike."""

    def changed(t, log_target):
        return t if log_target else change(t)

    return divergence(
        replace(
            KL,
            losses=lambda q, t, *, log_target=False: kl_losses(
                q, changed(t, log_target), log_target=log_target
            ),
            gradients=lambda g, q, t, *, log_target=False: kl_gradients(
                g, q, changed(t, log_target), log_target=log_target
            ),
        )
    )


def _slopes(by_q, by_target):
    """Other slopes, made of the right ones and the arguments."""

    def gradients(share, q, t, *, log_target=False):
        first, second = kl_gradients(share, q, t, log_target=log_target)
        return by_q(first, share, q, t, log_target), by_target(second, share, q, t, log_target)

    return divergence(replace(KL, gradients=gradients))


def _by_q(of):
    return _slopes(lambda *given: of(*given), lambda right, *_: right)


def _by_target(of):
    return _slopes(lambda right, *_: right, lambda *given: of(*given))


def _no_limit(q, t, *, log_target=False):
    """t (log t - q) as it stands: zero times infinity is NaN."""
    if log_target:
        return t.exp() * (t - q)
    return t * (t.log() - q)


def _kept_product(q, t, *, log_target=False):
    """0 log 0 is taken care of, 0 times minus infinity is not."""
    if log_target:
        return t.exp() * (t - q)
    return torch.xlogy(t, t) - t * q


arguments_swapped = _terms(lambda p, log_p, q: q.exp() * (q - log_p))
sign_missing = _terms(lambda p, log_p, q: p * (q - log_p))
entropy_missing = _terms(lambda p, log_p, q: -p * q)
bits_not_nats = _terms(lambda p, log_p, q: p * (log_p - q) * 1.4426950408889634)
prediction_not_logarithm = _terms(lambda p, log_p, q: p * (log_p - q.exp().log1p()))
negative_entries_clamped = _terms(lambda p, log_p, q: (p * (log_p - q)).clamp(min=0.0))
mass_terms_added = _terms(lambda p, log_p, q: p * (log_p - q) - p + q.exp())
prediction_clipped = _terms(lambda p, log_p, q: p * (log_p - q.clamp(min=-23.0)))
prediction_floored = _terms(lambda p, log_p, q: p * (log_p - q.clamp(min=-100.0)))
log_plus_epsilon = _terms(lambda p, log_p, q: p * ((p + 1e-8).log() - q))
ratio_of_probabilities = _terms(lambda p, log_p, q: p * (p / q.exp()).log())
log_target_as_probability = _flag(lambda log_target: False)
probability_as_log_target = _flag(lambda log_target: True)
log_target_not_in_gradient = divergence(
    replace(KL, gradients=lambda g, q, t, *, log_target=False: kl_gradients(g, q, t))
)
zero_target_is_nan = divergence(replace(KL, losses=_no_limit))
zero_times_infinity = divergence(replace(KL, losses=_kept_product))
target_clamped = _target(lambda t: t.clamp(min=1e-7))
target_shifted = _target(lambda t: t + 1e-10)
target_renormalised = _target(lambda t: t / t.sum(-1, keepdim=True) if t.ndim else t)
subnormal_target_is_zero = _target(
    lambda t: torch.where(t < torch.finfo(torch.float32).tiny, 0.0 * t, t)
)
one_missing_in_slope = _by_target(
    lambda right, share, q, t, log_target: right - share * (t.exp() if log_target else 1.0)
)
no_target_gradient = divergence(faults.without_gradient_of(KL, 1))
slope_is_nan_at_zero = _by_target(
    lambda right, share, q, t, log_target: torch.where(t.isinf() | (t == 0), torch.nan, right)
)
slope_of_distribution = _by_q(lambda right, share, q, t, log_target: right + share * q.exp())
gradient_doubled = divergence(faults.doubled(KL))
gradient_of_ones_only = divergence(faults.along_ones(KL))
gradient_undivided = divergence(faults.undivided(KL))
gradient_without_mass = _by_q(lambda right, share, q, t, log_target: -share.expand(q.shape) * 1.0)
in_float32 = divergence(faults.computed_in(KL, torch.float32))
through_half = divergence(faults.through(KL, torch.float16))
summed_in_half = divergence(faults.summed_in(KL, torch.float16))
always_float32 = faults.returned_as(divergence(KL), torch.float32)
one_ulp_up = divergence(faults.up_one_ulp(KL))
silent_broadcast = divergence(
    replace(
        KL,
        check=lambda q, t, *, log_target=False, reduction: (
            check_reals(q, t), check_reduction(reduction, "batchmean")
        ),
    )
)  # fmt: skip


def batchmean_is_mean(log_probabilities, target, *, log_target=False, reduction="mean"):
    known = "mean" if reduction == "batchmean" else reduction
    return run(KL, (log_probabilities, target), known, log_target=log_target)


def mean_is_batchmean(log_probabilities, target, *, log_target=False, reduction="mean"):
    known = "batchmean" if reduction == "mean" else reduction
    return run(KL, (log_probabilities, target), known, log_target=log_target)


def batchmean_by_last_axis(log_probabilities, target, *, log_target=False, reduction="mean"):
    """Divides by all axes but the last, which is the number of rows of a matrix only."""
    found = run(KL, (log_probabilities, target), reduction, log_target=log_target)
    if reduction != "batchmean" or target.ndim < 3:
        return found
    return found / target.shape[1]


def classes_summed(log_probabilities, target, *, log_target=False, reduction="mean"):
    """Without a reduction, one divergence a row."""
    found = run(KL, (log_probabilities, target), reduction, log_target=log_target)
    return found.sum(-1) if reduction == "none" and found.ndim > 1 else found
