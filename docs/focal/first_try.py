"""Focal loss as it is mostly written: 1 - p has no digits left where p is close to one."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def focal_loss(logits, target, *, alpha=0.25, gamma=2.0, reduction="mean"):
    entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    missing = target * (1 - p) + (1 - target) * p
    balance = alpha * target + (1 - alpha) * (1 - target)
    losses = balance * missing**gamma * entropy
    return losses if reduction == "none" else getattr(losses, reduction)()
