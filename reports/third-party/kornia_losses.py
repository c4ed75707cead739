"""kornia's divergence of heat maps, called on rows: each row is a map of one line."""

from kornia.losses import kl_div_loss_2d


def kl_divergence(probabilities, target, reduction="mean"):
    rows, classes = probabilities.shape[:-1], probabilities.shape[-1]
    loss = kl_div_loss_2d(
        probabilities.reshape(-1, 1, 1, classes), target.reshape(-1, 1, 1, classes), reduction
    )
    return loss.reshape(rows) if reduction == "none" else loss
