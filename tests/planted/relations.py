"""Faulty cross-entropies that no drawn case meets: each shows between calls only."""

from __future__ import annotations

from dataclasses import replace

import torch

from tests.planted.classes import (
    CROSS_ENTROPY,
    cross_entropy_gradients,
    cross_entropy_losses,
    kept_weight,
)
from tests.planted.entry import cross_entropy
from tests.planted.kernel import Kernel


def _marking(mark_of, index_of):
    """Another mark is looked for, and another class read where a sample counts."""

    def changed(part, scores_at):
        def made(*given, ignore_index=-100, **parameters):
            before, (logits, target) = given[:scores_at], given[scores_at:]
            classes = logits.shape[-1]
            mark = mark_of(ignore_index, classes)
            index = torch.where(target == mark, mark, index_of(target, classes))
            return part(*before, logits, index, ignore_index=mark, **parameters)

        return made

    return cross_entropy(
        Kernel(
            changed(cross_entropy_losses, 0),
            changed(cross_entropy_gradients, 1),
            CROSS_ENTROPY.check,
            changed(kept_weight, 1),
        )
    )


def _none_for(*marks):
    """A mark that nobody's targets have, in place of some."""
    return lambda mark, classes: -(2**40) if mark in marks else mark


minus_one_is_no_mark = _marking(_none_for(-1), lambda target, classes: target % classes)
mark_past_the_classes_is_the_last = _marking(
    lambda mark, classes: -(2**40) if mark == classes else mark,
    lambda target, classes: torch.where(target == classes, classes - 1, target),
)


def _chunk_means(losses):
    """Chunks of 150 weigh alike, the shorter last one too."""
    means = [chunk.mean() for chunk in losses.split(150)]
    return torch.stack(means).mean() * losses.numel() if losses.numel() else losses


def _total(losses_of):
    return cross_entropy(
        replace(CROSS_ENTROPY, total=lambda losses: losses_of(losses.reshape(-1)).sum())
    )


full_last_vector_left_out = _total(lambda x: x[:-8] if x.numel() and x.numel() % 8 == 0 else x)
long_batch_in_bfloat16 = _total(lambda x: x.bfloat16().to(x.dtype) if x.numel() >= 512 else x)
chunks_weigh_alike = _total(_chunk_means)
