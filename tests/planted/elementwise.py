"""Correct kernels of the losses that look at one entry of each input at a time."""

from __future__ import annotations

from typing import Any

import torch

from tests.planted.kernel import (
    Kernel,
    Tensor,
    check_pair,
    check_reduction,
    demand,
    weighted,
)


def check_regression(
    prediction: Tensor, target: Tensor, *, weight: Tensor | None = None, reduction: str
) -> None:
    check_pair(prediction, target, weight)
    check_reduction(reduction)


def full(weight: Tensor, losses: Tensor) -> Tensor:
    """One weight an entry, in memory: torch adds an expanded tensor up term by term."""
    return weight.expand(losses.shape).contiguous()


def total_weight(
    losses: Tensor, prediction: Tensor, target: Tensor, *, weight: Tensor | None = None
) -> Any:
    return float(losses.numel()) if weight is None else full(weight, losses).sum()


def l1_losses(prediction: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    return weighted((prediction - target).abs(), weight)


def l1_gradients(
    share: Tensor, prediction: Tensor, target: Tensor, *, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    gap = prediction - target
    sign = torch.where(gap.isnan(), gap, torch.sign(gap))  # torch.sign makes NaN a zero
    slope = share * weighted(sign, weight)
    return slope, -slope


def mse_losses(prediction: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    return weighted((prediction - target).square(), weight)


def mse_gradients(
    share: Tensor, prediction: Tensor, target: Tensor, *, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    slope = weighted(share, weight) * (2.0 * (prediction - target))
    return slope, -slope


L1 = Kernel(l1_losses, l1_gradients, check_regression, total_weight)
MSE = Kernel(mse_losses, mse_gradients, check_regression, total_weight)


def times(factor: Tensor, x: Tensor) -> Tensor:
    """Zero where the factor is, even against an infinity."""
    return torch.where(factor == 0, torch.zeros_like(x), factor * x)


def check_probabilities(
    probabilities: Tensor, target: Tensor, *, weight: Tensor | None = None, reduction: str
) -> None:
    check_pair(probabilities, target, weight)
    check_reduction(reduction)
    outside = (probabilities < 0) | (probabilities > 1)
    demand(not outside.any(), "a probability lies outside [0, 1]")


def bce_losses(probabilities: Tensor, target: Tensor, *, weight: Tensor | None = None) -> Tensor:
    p = probabilities + 0.0
    hit, miss = times(target, -torch.log(p)), times(1.0 - target, -torch.log1p(-p))
    return weighted(hit + miss, weight)


def bce_gradients(
    share: Tensor, probabilities: Tensor, target: Tensor, *, weight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    p = probabilities + 0.0  # of minus zero the reciprocal would be minus infinity
    none = torch.zeros_like(p)
    miss = torch.where(target == 1, none, (1.0 - target) / (1.0 - p))
    hit = torch.where(target == 0, none, target / p)
    slope = torch.where((target == 0) | (target == 1), miss - hit, (p - target) / (p * (1.0 - p)))
    middle = torch.log1p(2.0 * (0.5 - p) / p)  # the difference of two logarithms cancels there
    against = torch.where((p > 0.25) & (p < 0.75), middle, torch.log1p(-p) - torch.log(p))
    return weighted(share * slope, weight), weighted(share * against, weight)


BCE = Kernel(bce_losses, bce_gradients, check_probabilities)


def check_logits(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str,
) -> None:
    check_pair(logits, target, weight, pos_weight)
    check_reduction(reduction)


def softplus(x: Tensor) -> Tensor:
    return x.clamp(min=0.0) + torch.log1p(torch.exp(-x.abs()))


def logits_losses(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """A share of zero in the infinite loss of an infinite logit is no loss."""
    none = torch.zeros_like(logits)
    positive = weighted(target * softplus(-logits), pos_weight)
    negative = (1.0 - target) * softplus(logits)
    infinite = logits.isinf()
    positive = torch.where(infinite & (target == 0), none, positive)
    negative = torch.where(infinite & (target == 1), none, negative)
    return weighted(positive + negative, weight)


def logits_gradients(
    share: Tensor,
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    more = 1.0 if pos_weight is None else pos_weight
    far = (1.0 - target) * torch.sigmoid(logits) - more * target * torch.sigmoid(-logits)
    bend = torch.tanh(0.5 * logits)  # near zero a small logit would be lost beside one half
    near = (0.5 - target) + 0.5 * bend - 0.5 * (more - 1.0) * target * (1.0 - bend)
    slope = torch.where(logits.abs() < 1.0, near, far)
    if pos_weight is None:
        return weighted(share * slope, weight), weighted(share * -logits, weight)
    linear = torch.where(logits >= 0, logits, pos_weight * logits)
    towards = (pos_weight - 1.0) * torch.log1p(torch.exp(-logits.abs())) - linear
    return weighted(share * slope, weight), weighted(share * towards, weight)


BCE_LOGITS = Kernel(logits_losses, logits_gradients, check_logits)


def check_divergence(
    log_probabilities: Tensor, target: Tensor, *, log_target: bool = False, reduction: str
) -> None:
    check_pair(log_probabilities, target)
    check_reduction(reduction, "batchmean")


def kl_losses(log_probabilities: Tensor, target: Tensor, *, log_target: bool = False) -> Tensor:
    p, log_p = (target.exp(), target) if log_target else (target, target.log())
    nothing = torch.where(log_probabilities.isnan(), log_probabilities, 0.0)
    return torch.where(log_p.isneginf(), nothing, p * (log_p - log_probabilities))


def kl_gradients(
    share: Tensor, log_probabilities: Tensor, target: Tensor, *, log_target: bool = False
) -> tuple[Tensor, Tensor]:
    p, log_p = (target.exp(), target) if log_target else (target, target.log())
    slope = (log_p - log_probabilities) + 1.0
    slope = p * slope if log_target else slope
    end = 0.0 if log_target else -torch.inf  # the limits towards a probability of zero
    at_end = log_p.isneginf() & ~log_probabilities.isnan()
    return share * -p, share * torch.where(at_end, end, slope)


KL = Kernel(kl_losses, kl_gradients, check_divergence)
