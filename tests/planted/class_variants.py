"""Correct implementations of the losses over classes, each on another way."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import summation
from tests.planted.classes import (
    CLASS_SHARES,
    CROSS_ENTROPY,
    NLL,
    beaten,
    check_class_shares,
    check_cross_entropy,
    check_nll,
    cross_entropy_losses,
    kept_weight,
    one_hot,
    smoothed,
    split,
    tamed,
    weights_of,
)
from tests.planted.entry import class_shares, cross_entropy, nll
from tests.planted.kernel import weighted

SINGLE = torch.float32


def _by_one_hot(scores, target, *, weight=None, ignore_index=-100):
    """A product with the one-hot target, which an entry beside the target must not enter."""
    kept, index = split(target, ignore_index)
    hit = one_hot(index, scores.shape[-1]) & kept.unsqueeze(-1)
    return -(torch.where(hit, scores, 0.0).sum(-1) * weights_of(index, weight, scores))


def _by_take(scores, target, *, weight=None, ignore_index=-100):
    """One flat index a sample."""
    kept, index = split(target, ignore_index)
    flat = torch.arange(index.numel()) * scores.shape[-1] + index.reshape(-1)
    entry = torch.take(scores, flat).reshape(index.shape) if index.numel() else index * 1.0
    losses = -(weights_of(index, weight, scores) * entry).to(scores.dtype)
    return torch.where(kept, losses, 0.0)


nll_in_float64 = nll(NLL)
nll_in_float32 = nll(replace(NLL, width=SINGLE))
nll_by_one_hot = nll(replace(NLL, losses=_by_one_hot))
nll_by_take = nll(replace(NLL, losses=_by_take))
nll_summed_in_blocks = nll(summation.summed(NLL, summation.in_blocks, SINGLE))
nll_summed_exactly = nll(summation.summed(NLL, summation.exactly, torch.float64))


def nll_of_torch(log_probabilities, target, *, weight=None, ignore_index=-100, reduction="mean"):
    """torch's own, with the classes moved to axis 1."""
    check_nll(
        log_probabilities, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )
    scores = log_probabilities.movedim(-1, min(1, log_probabilities.ndim - 1)).contiguous()
    return torch.nn.functional.nll_loss(
        scores, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )


def _cost(cost_of, **parts):
    """Cross-entropy with another way to the cost of each class; infinite logits apart."""

    def finite(logits):
        return torch.where(beaten(logits), torch.inf, cost_of(tamed(logits)))

    def losses(logits, target, **parameters):
        return cross_entropy_losses(logits, target, cost_of=finite, **parameters)

    return cross_entropy(replace(CROSS_ENTROPY, losses=losses, **parts))


def _online(x):
    """One pass over the classes in blocks of sixteen: the maximum and the scaled sum go along."""
    if not x.numel():
        return x.clone()
    top = torch.full_like(x[..., :1], -torch.inf)
    total = torch.zeros_like(top)
    for block in x.split(16, -1):
        raised = torch.maximum(top, block.amax(-1, keepdim=True))
        base = torch.where(raised.isneginf(), 0.0, raised)
        total = total * torch.exp(top - base) + torch.exp(block - base).sum(-1, keepdim=True)
        top = raised
    return (top - x) + torch.log(total)


def _powers_of_two(x):
    """exp2 and log2, as hardware has them."""
    if not x.numel():
        return x.clone()
    gap = x.amax(-1, keepdim=True) - x
    total = torch.exp2(-gap * 1.4426950408889634).sum(-1, keepdim=True)
    return gap + 0.6931471805599453 * torch.log2(total)


def _softmax_less_one_hot(share, logits, target, *, weight=None, ignore_index=-100,
                          label_smoothing=0.0):  # fmt: skip
    """softmax - target, both times the weight; the mass of the smoothed target beside it."""
    kept, index = split(target, ignore_index)
    classes = logits.shape[-1]
    even = logits.new_ones(classes) if weight is None else weight
    own = torch.where(one_hot(index, classes), (1.0 - label_smoothing) * even, 0.0)
    own = own + label_smoothing / classes * even
    probability = torch.softmax(tamed(logits), -1)
    slope = share.unsqueeze(-1) * (probability * own.sum(-1, keepdim=True) - own)
    return torch.where(kept.unsqueeze(-1), slope, 0.0), None


cross_entropy_in_float64 = cross_entropy(CROSS_ENTROPY)
cross_entropy_in_float32 = cross_entropy(replace(CROSS_ENTROPY, width=SINGLE))
cross_entropy_by_log_sum_exp = _cost(
    lambda x: torch.logsumexp(x, -1, keepdim=True) - x, width=SINGLE
)
cross_entropy_by_log_softmax = _cost(lambda x: -torch.log_softmax(x, -1), width=SINGLE)
cross_entropy_online = _cost(_online)
cross_entropy_online_in_float32 = _cost(_online, width=SINGLE)
cross_entropy_powers_of_two = _cost(_powers_of_two)
cross_entropy_by_chunks = cross_entropy(summation.by_chunks(CROSS_ENTROPY, rows=4))
cross_entropy_softmax_gradient = cross_entropy(
    replace(CROSS_ENTROPY, gradients=_softmax_less_one_hot)
)
cross_entropy_summed_in_halves = cross_entropy(
    summation.summed(CROSS_ENTROPY, summation.in_halves, SINGLE)
)


def cross_entropy_composed(
    logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    """Single operations around torch.logsumexp in the dtype of the inputs, differentiated by autograd.

    Zero times NaN and infinity times zero are no slopes: what is not finite goes the careful way.
    """
    given = {"weight": weight, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    check_cross_entropy(logits, target, reduction=reduction, **given)
    losses = cross_entropy_losses(logits, target, cost_of=_below_the_whole, **given)
    divisor = kept_weight(losses, logits, target, **given)
    if not (losses.isfinite().all() and logits.isfinite().all() and divisor != 0):
        return cross_entropy_in_float64(logits, target, reduction=reduction, **given)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / divisor


def _below_the_whole(logits):
    return torch.logsumexp(logits, -1, keepdim=True) - logits


def _shares(terms, **parts):
    def losses(logits, target, *, weight=None, label_smoothing=0.0):
        share = smoothed(target, label_smoothing)
        cost = torch.where(beaten(logits), torch.inf, -torch.log_softmax(tamed(logits), -1))
        cost = torch.where(cost.isinf() & (share == 0), 0.0, cost)
        return terms(share, cost, weight)

    return class_shares(replace(CLASS_SHARES, losses=losses, **parts))


class_shares_in_float64 = class_shares(CLASS_SHARES)
class_shares_in_float32 = class_shares(replace(CLASS_SHARES, width=SINGLE))
class_shares_by_log_softmax = _shares(lambda s, c, w: weighted(s * c, w).sum(-1), width=SINGLE)
class_shares_weight_first = _shares(lambda s, c, w: (weighted(s, w) * c).sum(-1))
class_shares_backwards = _shares(lambda s, c, w: weighted(s * c, w).flip(-1).sum(-1), width=SINGLE)
class_shares_by_chunks = class_shares(summation.by_chunks(CLASS_SHARES))
class_shares_summed_exactly = class_shares(
    summation.summed(CLASS_SHARES, summation.exactly, torch.float64)
)


def class_shares_composed(logits, target, *, weight=None, label_smoothing=0.0, reduction="mean"):
    """Single operations around torch.log_softmax in the dtype of the inputs, by autograd."""
    given = {"weight": weight, "label_smoothing": label_smoothing}
    check_class_shares(logits, target, reduction=reduction, **given)
    cost = -torch.log_softmax(logits, -1)
    losses = weighted(smoothed(target, label_smoothing) * cost, weight).sum(-1)
    if not (logits.isfinite().all() and losses.isfinite().all()):
        return class_shares_in_float64(logits, target, reduction=reduction, **given)
    return losses if reduction == "none" else getattr(losses, reduction)()
