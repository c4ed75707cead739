"""The second derivatives of the losses, by hand: how each gradient moves along tangents."""

from __future__ import annotations

import torch

from tests.planted.classes import (
    CLASS_SHARES,
    CROSS_ENTROPY,
    NLL,
    even_weights,
    one_hot,
    smoothed,
    split,
    tamed,
    weights_of,
)
from tests.planted.curved import Curved
from tests.planted.elementwise import BCE, BCE_LOGITS, KL, L1, MSE
from tests.planted.kernel import weighted


def l1_bent(share, along, prediction, target, *, weight=None):
    """Nothing bends but at the kink."""
    return torch.zeros_like(prediction), torch.zeros_like(target)


def mse_bent(share, along, prediction, target, *, weight=None):
    bend = weighted(share, weight) * (2.0 * (along[0] - along[1]))
    return bend, -bend


def bce_bent(share, along, probabilities, target, *, weight=None):
    p, (by_p, by_t) = probabilities, along
    each = weighted(share, weight)
    towards = torch.where(target == 0, 0.0, target / p / p)
    away = torch.where(target == 1, 0.0, (1.0 - target) / (1.0 - p) / (1.0 - p))
    mixed = -1.0 / (p * (1.0 - p))
    return each * ((towards + away) * by_p + mixed * by_t), each * (mixed * by_p)


def logits_bent(share, along, logits, target, *, weight=None, pos_weight=None):
    more, (by_x, by_t) = 1.0 if pos_weight is None else pos_weight, along
    each = weighted(share, weight)
    up, down = torch.sigmoid(logits), torch.sigmoid(-logits)
    own = up * down * ((1.0 - target) + more * target)
    mixed = -torch.ones_like(logits) if pos_weight is None else -(up + more * down)
    return each * (own * by_x + mixed * by_t), each * (mixed * by_x)


def kl_bent(share, along, log_probabilities, target, *, log_target=False):
    by_q, by_t = along
    if log_target:
        p = target.exp()
        own = p * ((target - log_probabilities) + 2.0)
        return share * (-p * by_t), share * (own * by_t - p * by_q)
    return share * -by_t, share * (by_t / target - by_q)


def nll_bent(share, along, log_probabilities, target, *, weight=None, ignore_index=-100):
    return torch.zeros_like(log_probabilities), None


def softmax(logits):
    x = tamed(logits)
    terms = torch.exp(x - x.amax(-1, keepdim=True)) if x.numel() else x
    return terms / terms.sum(-1, keepdim=True)


def softmax_bent(own, along, logits):
    """How the softmax moves, `own` classes wide."""
    p = softmax(logits)
    return own.sum(-1, keepdim=True) * p * (along - (p * along).sum(-1, keepdim=True))


def own_of(logits, target, weight, ignore_index, label_smoothing):
    """How often the cost of each class counts: not at all where the target is ignored."""
    kept, index = split(target, ignore_index)
    hard = (1.0 - label_smoothing) * weights_of(index, weight, logits).unsqueeze(-1)
    own = torch.where(one_hot(index, logits.shape[-1]), hard, 0.0)
    own = own + label_smoothing * even_weights(logits, weight) / logits.shape[-1]
    return torch.where(kept.unsqueeze(-1), own, 0.0)


def cross_entropy_bent(
    share, along, logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0
):
    own = own_of(logits, target, weight, ignore_index, label_smoothing)
    return share.unsqueeze(-1) * softmax_bent(own, along[0], logits), None


def shares_bent(share, along, logits, target, *, weight=None, label_smoothing=0.0):
    part, (by_x, by_t) = share.unsqueeze(-1), along
    own = weighted(smoothed(target, label_smoothing), weight)
    turned = weighted((1.0 - label_smoothing) * by_t, weight)
    p = softmax(logits)
    mixed = turned.sum(-1, keepdim=True) * p - turned
    costs = (p * by_x).sum(-1, keepdim=True) - by_x
    by_target = weighted((1.0 - label_smoothing) * costs, weight)
    return part * (softmax_bent(own, by_x, logits) + mixed), part * by_target


CURVED_L1 = Curved(L1, l1_bent)
CURVED_MSE = Curved(MSE, mse_bent)
CURVED_BCE = Curved(BCE, bce_bent)
CURVED_LOGITS = Curved(BCE_LOGITS, logits_bent)
CURVED_KL = Curved(KL, kl_bent)
CURVED_NLL = Curved(NLL, nll_bent)
CURVED_CROSS_ENTROPY = Curved(CROSS_ENTROPY, cross_entropy_bent)
CURVED_SHARES = Curved(CLASS_SHARES, shares_bent)
