"""Correct implementations of the losses of single entries, each on another way."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import summation
from tests.planted.elementwise import BCE, BCE_LOGITS, KL, L1, MSE, full
from tests.planted.entry import binary, binary_logits, divergence, regression
from tests.planted.kernel import check_pair, check_reduction, weighted

SINGLE = torch.float32


def _with(kernel, losses, **parts):
    return replace(kernel, losses=losses, **parts)


def _entry(of):
    """Losses from an expression in prediction or probabilities and target, weighed at the end."""
    return lambda x, t, *, weight=None: weighted(of(x, t), weight)


l1_in_float64 = regression(L1)
l1_in_float32 = regression(replace(L1, width=SINGLE))
l1_larger_less_smaller = regression(
    _with(L1, _entry(lambda p, t: torch.maximum(p, t) - torch.minimum(p, t)))
)
l1_by_branches = regression(_with(L1, _entry(lambda p, t: torch.where(p >= t, p - t, t - p) + 0.0)))
l1_by_chunks = regression(summation.by_chunks(L1))
l1_summed_backwards = regression(summation.summed(L1, summation.backwards, SINGLE))
l1_summed_in_blocks = regression(summation.summed(L1, summation.in_blocks, SINGLE))
mse_in_float64 = regression(MSE)
mse_in_float32 = regression(replace(MSE, width=SINGLE))
mse_target_first = regression(_with(MSE, _entry(lambda p, t: (t - p) * (t - p)), width=SINGLE))
mse_by_power = regression(_with(MSE, _entry(lambda p, t: torch.pow(p - t, 2.0))))
mse_by_chunks = regression(summation.by_chunks(MSE, rows=3))
mse_summed_in_halves = regression(summation.summed(MSE, summation.in_halves, SINGLE))
mse_summed_by_dot = regression(summation.summed(MSE, summation.by_dot, torch.float64))
mse_compensated = regression(summation.summed(MSE, summation.compensated, torch.float64))
mse_by_reciprocal = regression(summation.multiplied_by_reciprocal(MSE))


def mse_composed(prediction, target, *, weight=None, reduction="mean"):
    """Single operations of torch in the dtype of the inputs, differentiated by autograd."""
    check_pair(prediction, target, weight)
    check_reduction(reduction)
    losses = weighted((prediction - target) ** 2, weight)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if weight is None:
        return losses.mean()
    return losses.sum() / full(weight, losses).sum()


def mse_in_no_order(prediction, target, *, weight=None, reduction="mean"):
    """Atomic additions in no fixed order: the last digit of a sum is another one in every call."""
    if reduction == "none" or not prediction.numel():
        return regression(MSE)(prediction, target, weight=weight, reduction=reduction)
    order = torch.randperm(prediction.numel())
    spread = None if weight is None else weight.expand(prediction.shape).reshape(-1)[order]
    return regression(replace(MSE, width=torch.float32))(
        prediction.reshape(-1)[order], target.reshape(-1)[order], weight=spread, reduction=reduction
    )


def mse_of_torch(prediction, target, *, weight=None, reduction="mean"):
    """torch's own, which is in no hurry to check."""
    check_pair(prediction, target, weight)
    if weight is None:
        return torch.nn.functional.mse_loss(prediction, target, reduction=reduction)
    each = full(weight, prediction)
    return torch.nn.functional.mse_loss(prediction, target, reduction=reduction, weight=each)


bce_in_float64 = binary(BCE)
bce_in_float32 = binary(replace(BCE, width=SINGLE))
bce_by_xlogy = binary(
    _with(
        BCE,
        _entry(lambda p, t: -(torch.xlogy(t, p) + torch.special.xlog1py(1.0 - t, -p))),
    )
)
bce_by_chunks = binary(summation.by_chunks(BCE))
bce_in_bits = binary(
    _with(
        BCE,
        _entry(
            lambda p, t: (
                0.6931471805599453
                * (
                    torch.where(t == 0, 0.0 * t, -t * torch.log2(p))
                    - torch.special.xlog1py(1.0 - t, -p) / 0.6931471805599453
                )
            )
        ),
    )
)
bce_summed_exactly = binary(summation.summed(BCE, summation.exactly, torch.float64))
bce_by_cases = binary(
    _with(
        BCE,
        _entry(
            lambda p, t: torch.where(
                t == 1,
                -torch.log(p + 0.0 * t),
                torch.where(
                    t == 0,
                    -torch.log1p(-p + 0.0 * t),
                    -t * torch.log(p) - (1.0 - t) * torch.log1p(-p),
                ),
            )
        ),
    )
)


def _labels(if_true, if_false):
    """Losses of logits from what a true and a false label cost; no share in an infinite cost."""

    def losses(x, t, *, weight=None, pos_weight=None):
        infinite, none = x.isinf(), torch.zeros_like(x)
        positive = torch.where(infinite & (t == 0), none, weighted(t * if_true(x), pos_weight))
        negative = torch.where(infinite & (t == 1), none, (1.0 - t) * if_false(x))
        return weighted(positive + negative, weight)

    return losses


def _softplus(of, **parts):
    return binary_logits(_with(BCE_LOGITS, _labels(lambda x: of(-x), of), **parts))


logits_in_float64 = binary_logits(BCE_LOGITS)
logits_in_float32 = binary_logits(replace(BCE_LOGITS, width=SINGLE))
logits_by_logaddexp = _softplus(lambda x: torch.logaddexp(x, torch.zeros_like(x)))
logits_by_log_sigmoid = _softplus(lambda x: -torch.nn.functional.logsigmoid(-x), width=SINGLE)
logits_by_branches = _softplus(
    lambda x: torch.where(
        x > 0,
        x + torch.log1p(torch.exp(-x.clamp(min=0.0))),
        torch.log1p(torch.exp(x.clamp(max=0.0))),
    ),
    width=SINGLE,
)
logits_by_chunks = binary_logits(summation.by_chunks(BCE_LOGITS))
logits_summed_smallest_first = binary_logits(
    summation.summed(BCE_LOGITS, summation.smallest_first, SINGLE)
)


def _divergence(of):
    """Losses of a divergence; what is not asked for costs nothing."""

    def losses(q, t, *, log_target=False):
        p, log_p = (t.exp(), t) if log_target else (t, t.log())
        return torch.where(log_p.isneginf(), torch.where(q.isnan(), q, 0.0), of(p, log_p, q))

    return losses


def _two_products(q, t, *, log_target=False):
    """p log p - p log q; in log space the logarithms are near, and subtracted first."""
    if log_target:
        return KL.losses(q, t, log_target=True)
    return _divergence(lambda p, log_p, log_q: p * log_p - p * log_q)(q, t)


kl_in_float64 = divergence(KL)
kl_in_float32 = divergence(replace(KL, width=SINGLE))
kl_two_products = divergence(_with(KL, _two_products))
kl_negated = divergence(_with(KL, _divergence(lambda p, log_p, q: -(p * (q - log_p)))))
kl_by_chunks = divergence(summation.by_chunks(KL))
kl_summed_by_columns = divergence(summation.summed(KL, summation.by_columns, torch.float64))
