"""The order in which kornia 0.9.0 computes its Charbonnier loss, as `check --algorithm` takes it."""

import numpy as np

from reference.algorithms.steps import reduced, shared
from reference.stable import store


def charbonnier(prediction, target, *, reduction="mean", **_):
    """Without the subtraction below one, with it from there on; each step is written to memory."""
    e = store(prediction - target)
    square = store(e * e)
    root = store(np.sqrt(store(square + 1.0)))
    below = store(square / store(root + 1.0))
    return reduced(np.where(square < 1.0, below, store(root - 1.0)), reduction)


def charbonnier_gradient(prediction, target, cotangent, *, reduction="mean", **_):
    """Autograd through either branch comes to e over the root."""
    share = shared(cotangent, reduction, prediction.shape)
    e = store(prediction - target)
    square = store(e * e)
    root = store(np.sqrt(store(square + 1.0)))
    half = store(share / store(2.0 * root))
    outer = store(root + 1.0)
    back = store(store(share * square) / store(outer * outer))
    inner = store(store(share / outer) - store(back / store(2.0 * root)))
    slope = store(np.where(square < 1.0, inner, half) * store(2.0 * e))
    return {"prediction": slope, "target": -slope}
