"""Focal loss whose tails are right: neither 1 - p nor its derivative is ever a difference."""

import torch
from torch.nn.functional import logsigmoid


def focal_loss(logits, target, *, alpha=0.25, gamma=2.0, reduction="mean"):
    negative = logits < 0
    small = torch.exp(torch.where(negative, logits, -logits))
    likely, unlikely = 1 / (1 + small), small / (1 + small)
    p = torch.where(negative, unlikely, likely)
    q = torch.where(negative, likely, unlikely)
    missing = target * q + (1 - target) * p
    entropy = -(target * logsigmoid(logits) + (1 - target) * logsigmoid(-logits))
    balance = alpha * target + (1 - alpha) * (1 - target)
    losses = balance * missing**gamma * entropy
    return losses if reduction == "none" else getattr(losses, reduction)()
