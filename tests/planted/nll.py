"""Faulty implementations of nll."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted import faults
from tests.planted.classes import (
    NLL,
    kept_weight,
    nll_gradients,
    nll_losses,
    one_hot,
    picked,
    split,
    weights_of,
)
from tests.planted.entry import nll
from tests.planted.kernel import check_reals, check_reduction, demand


def _marked(change):
    """Another idea of which index is ignored, everywhere."""

    def shift(of):
        def changed(*arguments, ignore_index=-100, **keywords):
            return of(*arguments, ignore_index=change(ignore_index), **keywords)

        return changed

    return replace(
        NLL, losses=shift(NLL.losses), gradients=shift(NLL.gradients), divisor=shift(NLL.divisor)
    )


def _loose(log_probabilities, target, *, weight=None, ignore_index=-100, reduction):
    """Checks all but the range of the indices."""
    check_reals(log_probabilities)
    check_reduction(reduction)
    demand(not target.is_floating_point(), "class indices are integers")
    demand(target.shape == log_probabilities.shape[:-1], "one target a sample")
    demand(weight is None or weight.shape == log_probabilities.shape[-1:], "one weight a class")


def _mapped(change):
    """Indices outside the classes are mapped inside instead of being refused."""

    def inside(of, at):
        def changed(*arguments, ignore_index=-100, **keywords):
            *before, scores, target = arguments
            mapped = torch.where(target == ignore_index, target, change(target, scores.shape[-1]))
            return of(*before, scores, mapped, ignore_index=ignore_index, **keywords)

        return changed

    return replace(
        NLL, check=_loose, losses=inside(nll_losses, 0), gradients=inside(nll_gradients, 1),
        divisor=lambda losses, *a, **k: inside(lambda *b, **m: kept_weight(losses, *b, **m), 0)(*a, **k),
    )  # fmt: skip


def _counted(losses, scores, target, *, weight=None, ignore_index=-100):
    """Ignored targets count in the mean, each with the weight one."""
    kept, index = split(target, ignore_index)
    return torch.where(kept, weights_of(index, weight, scores), 1.0).sum()


def _by_count(losses, scores, target, *, weight=None, ignore_index=-100):
    return split(target, ignore_index)[0].sum().to(scores.dtype)


def _by_all_weights(losses, scores, target, *, weight=None, ignore_index=-100):
    """Divides by the number of samples times the mean weight of the classes."""
    kept = split(target, ignore_index)[0].sum().to(scores.dtype)
    return kept if weight is None else kept * weight.mean()


def _masked_by_product(log_probabilities, target, *, weight=None, ignore_index=-100):
    """Zero times the ignored loss: a NaN there stays a NaN."""
    kept, index = split(target, ignore_index)
    entry = picked(log_probabilities, index)
    return -(weights_of(index, weight, entry) * entry) * kept


def _class_ignored(which):
    def losses(log_probabilities, target, *, weight=None, ignore_index=-100):
        found = nll_losses(log_probabilities, target, weight=weight, ignore_index=ignore_index)
        return torch.where(target == which % log_probabilities.shape[-1], 0.0, found)

    return nll(replace(NLL, losses=losses))


def _to_all_classes(share, log_probabilities, target, *, weight=None, ignore_index=-100):
    slope, _ = nll_gradients(
        share, log_probabilities, target, weight=weight, ignore_index=ignore_index
    )
    return slope.sum(-1, keepdim=True).expand(slope.shape) * 1.0, None


def _to_ignored(share, log_probabilities, target, *, weight=None, ignore_index=-100):
    """The gradient of an ignored sample is not zeroed: it falls on class 0."""
    index = split(target, ignore_index)[1]
    slope = -(share * weights_of(index, weight, log_probabilities)).unsqueeze(-1)
    return torch.where(one_hot(index, log_probabilities.shape[-1]), slope, 0.0), None


def _weight_by_sample(log_probabilities, target, *, weight=None, ignore_index=-100):
    """The weight of class i goes to sample i, where there is one."""
    found = nll_losses(log_probabilities, target, ignore_index=ignore_index)
    if weight is None or found.ndim == 0 or found.shape[-1] != weight.shape[0]:
        return nll_losses(log_probabilities, target, weight=weight, ignore_index=ignore_index)
    return found * weight


sign_missing = nll(faults.with_losses(NLL, lambda each, *_: -each))
ignore_off_by_one = nll(_marked(lambda index: index + 1))
ignore_always_minus_100 = nll(_marked(lambda index: -100))
negative_wraps = nll(_mapped(lambda target, classes: target % max(classes, 1)))
target_clamped = nll(_mapped(lambda target, classes: target.clamp(0, max(classes - 1, 0))))
ignored_counted = nll(replace(NLL, divisor=_counted))
weightless_mean = nll(replace(NLL, divisor=_by_count))
mean_weight_in_mean = nll(replace(NLL, divisor=_by_all_weights))
ignored_by_product = nll(replace(NLL, losses=_masked_by_product))
first_class_dropped = _class_ignored(0)
last_class_dropped = _class_ignored(-1)
weight_twice = nll(
    replace(NLL, losses=lambda *a, weight=None, **k: NLL.losses(
        *a, weight=None if weight is None else weight * weight, **k))
)  # fmt: skip
weight_by_sample = nll(replace(NLL, losses=_weight_by_sample))
gradient_to_all_classes = nll(replace(NLL, gradients=_to_all_classes))
gradient_to_ignored = nll(replace(NLL, gradients=_to_ignored))
gradient_zero = nll(faults.zero_gradient(NLL))
gradient_undivided = nll(faults.undivided(NLL))
summed_in_half = nll(faults.summed_in(NLL, torch.float16))
through_float32 = nll(faults.through(NLL, torch.float32))
one_ulp_up = nll(faults.up_one_ulp(NLL))
accepts_real_targets = faults.given(
    nll(NLL), lambda scores, target: (scores, target.long() if target.is_floating_point() else target)
)  # fmt: skip
infinity_clamped = nll(
    faults.with_losses(NLL, lambda each, *_: each.clamp(max=torch.finfo(torch.float16).max))
)
