"""kornia's divergence of heat maps, called on rows: each row is a map of one line."""

from kornia.losses import kl_div_loss_2d


def kl_divergence(log_probabilities, target, reduction="mean"):
    """kornia takes probabilities; the exponential is the wrapper's."""
    rows = log_probabilities.shape[:-1]
    shape = (-1, 1, 1, log_probabilities.shape[-1])
    loss = kl_div_loss_2d(log_probabilities.exp().reshape(shape), target.reshape(shape), reduction)
    return loss.reshape(rows) if reduction == "none" else loss
