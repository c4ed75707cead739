"""Correct implementations whose forward mode and second derivatives are written by hand."""

from __future__ import annotations

from tests.planted.curvatures import (
    CURVED_BCE,
    CURVED_CROSS_ENTROPY,
    CURVED_KL,
    CURVED_L1,
    CURVED_LOGITS,
    CURVED_MSE,
    CURVED_NLL,
    CURVED_SHARES,
)
from tests.planted.entry import (
    binary,
    binary_logits,
    class_shares,
    cross_entropy,
    divergence,
    nll,
    regression,
)

l1_twice_by_hand = regression(CURVED_L1)
mse_twice_by_hand = regression(CURVED_MSE)
bce_twice_by_hand = binary(CURVED_BCE)
logits_twice_by_hand = binary_logits(CURVED_LOGITS)
kl_twice_by_hand = divergence(CURVED_KL)
nll_twice_by_hand = nll(CURVED_NLL)
cross_entropy_twice_by_hand = cross_entropy(CURVED_CROSS_ENTROPY)
class_shares_twice_by_hand = class_shares(CURVED_SHARES)
