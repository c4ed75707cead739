"""Correct kernels of the losses over classes, and the steps that faults take part in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.planted.kernel import (
    Kernel,
    Tensor,
    check_classes,
    check_pair,
    check_reduction,
    demand,
    weighted,
)


def check_nll(
    log_probabilities: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str,
) -> None:
    check_classes(log_probabilities, target, weight, ignore_index)
    check_reduction(reduction)


def split(target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Which samples count, and indices that can be read even where a sample does not."""
    kept = target != ignore_index
    return kept, torch.where(kept, target, 0)


def picked(x: Tensor, index: Tensor) -> Tensor:
    return x.gather(-1, index.unsqueeze(-1)).squeeze(-1)


def weights_of(index: Tensor, weight: Tensor | None, like: Tensor) -> Tensor:
    return torch.ones_like(index, dtype=like.dtype) if weight is None else weight[index]


def one_hot(index: Tensor, classes: int) -> Tensor:
    return torch.arange(classes) == index.unsqueeze(-1)


def kept_weight(
    losses: Tensor,
    scores: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    **_: Any,
) -> Tensor:
    """What the mean divides by: the weights of the targets that are not ignored."""
    kept, index = split(target, ignore_index)
    return torch.where(kept, weights_of(index, weight, scores), 0.0).sum()


def nll_losses(
    log_probabilities: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
) -> Tensor:
    kept, index = split(target, ignore_index)
    losses = -(weights_of(index, weight, log_probabilities) * picked(log_probabilities, index))
    return torch.where(kept, losses, 0.0)


def nll_gradients(
    share: Tensor,
    log_probabilities: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
) -> tuple[Tensor, None]:
    kept, index = split(target, ignore_index)
    hit = one_hot(index, log_probabilities.shape[-1]) & kept.unsqueeze(-1)
    slope = -(share * weights_of(index, weight, log_probabilities)).unsqueeze(-1)
    return torch.where(hit, slope, 0.0), None


NLL = Kernel(nll_losses, nll_gradients, check_nll, kept_weight)


def tamed(logits: Tensor) -> Tensor:
    """Logits without plus infinity that have the softmax of those with one, where it has a limit."""
    if logits.shape[-1] == 1:
        return torch.where(logits.isnan(), logits, 0.0)
    infinite = logits.isposinf()
    single = (infinite.sum(-1, keepdim=True) == 1) & ~logits.isnan().any(-1, keepdim=True)
    return torch.where(single, torch.where(infinite, 0.0, -torch.inf), logits)


def surprisal(x: Tensor) -> Tensor:
    """Minus the log-softmax; the largest entry's 1 is not added before the logarithm is taken."""
    if not x.numel():
        return x.clone()
    top, place = x.max(-1, keepdim=True)
    terms = torch.exp(x - top).scatter(-1, place, 0.0)
    return (top - x) + torch.log1p(terms.sum(-1, keepdim=True))


def beaten(logits: Tensor) -> Tensor:
    """Where a logit stands beside an infinite one."""
    some = logits.isposinf().any(-1, keepdim=True) & ~logits.isnan().any(-1, keepdim=True)
    return some & ~logits.isposinf()


def costs(logits: Tensor) -> Tensor:
    """What each class would cost as the target; what is beaten costs infinity."""
    return torch.where(beaten(logits), torch.inf, surprisal(tamed(logits)))


def through_softmax(own: Tensor, logits: Tensor) -> Tensor:
    """Gradient by the logits of the costs, each counted `own` times."""
    x = tamed(logits)
    terms = torch.exp(x - x.amax(-1, keepdim=True)) if x.numel() else x
    total = terms.sum(-1, keepdim=True)
    others = own.sum(-1, keepdim=True) - own
    return others * (terms / total) - own * ((total - terms) / total)


def check_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str,
) -> None:
    check_nll(logits, target, weight=weight, ignore_index=ignore_index, reduction=reduction)
    demand(0.0 <= label_smoothing <= 1.0, "label_smoothing lies in [0, 1]")


def even_weights(logits: Tensor, weight: Tensor | None) -> Tensor:
    """What the cost of each class is weighed with where every class takes its share."""
    return logits.new_ones(logits.shape[-1]) if weight is None else weight


def cross_entropy_losses(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    cost_of: Callable[[Tensor], Tensor] = costs,
) -> Tensor:
    kept, index = split(target, ignore_index)
    each = cost_of(logits)
    losses = weights_of(index, weight, logits) * picked(each, index)
    if label_smoothing != 0.0:
        soft = (even_weights(logits, weight) * each).sum(-1) / logits.shape[-1]
        losses = (1.0 - label_smoothing) * losses + label_smoothing * soft
    return torch.where(kept, losses, 0.0)


def cross_entropy_gradients(
    share: Tensor,
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, None]:
    kept, index = split(target, ignore_index)
    hit = one_hot(index, logits.shape[-1])
    hard = (1.0 - label_smoothing) * weights_of(index, weight, logits).unsqueeze(-1)
    own = torch.where(hit, hard, 0.0)
    own = own + label_smoothing * even_weights(logits, weight) / logits.shape[-1]
    slope = share.unsqueeze(-1) * through_softmax(own, logits)
    return torch.where(kept.unsqueeze(-1), slope, 0.0), None


CROSS_ENTROPY = Kernel(
    cross_entropy_losses, cross_entropy_gradients, check_cross_entropy, kept_weight
)


def check_class_shares(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    reduction: str,
) -> None:
    check_pair(logits, target)
    check_reduction(reduction)
    demand(weight is None or weight.shape == logits.shape[-1:], "one weight a class")
    demand(0.0 <= label_smoothing <= 1.0, "label_smoothing lies in [0, 1]")


def smoothed(target: Tensor, label_smoothing: float) -> Tensor:
    return (1.0 - label_smoothing) * target + label_smoothing / target.shape[-1]


def asked_costs(logits: Tensor, share: Tensor) -> Tensor:
    """The costs; an impossible class of which nothing is asked costs nothing."""
    each = costs(logits)
    return torch.where(each.isinf() & (share == 0), 0.0, each)


def shares_losses(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    share = smoothed(target, label_smoothing)
    return weighted(share * asked_costs(logits, share), weight).sum(-1)


def shares_gradients(
    share: Tensor,
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    own = smoothed(target, label_smoothing)
    each = costs(logits)
    impossible = tamed(logits).isinf() & ~each.isnan()
    each = weighted(torch.where(impossible & (own == 0), 0.0, each), weight)
    slope = (1.0 - label_smoothing) * each if label_smoothing != 1.0 else torch.zeros_like(each)
    part = share.unsqueeze(-1)
    return part * through_softmax(weighted(own, weight), logits), part * slope


CLASS_SHARES = Kernel(shares_losses, shares_gradients, check_class_shares)
