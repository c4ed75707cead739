"""Squared errors: one that is right, and ones that are wrong in one way each."""

import numpy as np


def right(prediction, target, reduction="mean"):
    losses = (prediction - target) ** 2
    return {"none": lambda x: x, "mean": np.mean, "sum": np.sum}[reduction](losses)


def right_gradient(prediction, target, cotangent, reduction="mean"):
    share = cotangent / prediction.size if reduction == "mean" else cotangent
    gradient = 2 * (prediction - target) * share
    gradient = gradient.astype(prediction.dtype)
    return {"prediction": gradient, "target": -gradient}


def _flat(array):
    """The memory behind an array as if it had no strides."""
    steps = np.empty(array.shape, array.dtype).strides
    return np.lib.stride_tricks.as_strided(array, strides=steps)


def blind_to_strides(prediction, target, reduction="mean"):
    if 0 in prediction.strides:
        return right(prediction, target, reduction)  # its memory is too short to be read on
    return right(_flat(prediction), target, reduction)


blind_to_strides_gradient = right_gradient


def writes_and_mends(prediction, target, reduction="mean"):
    """Works in its argument and puts it back."""
    before = prediction.copy()
    prediction -= target
    losses = prediction**2
    prediction[...] = before
    return {"none": lambda x: x, "mean": np.mean, "sum": np.sum}[reduction](losses)


writes_and_mends_gradient = right_gradient


_SEEN = {"bytes": b"", "times": 0}


def tires(prediction, target, reduction="mean"):
    """Right the first few times that it is asked the same thing."""
    asked = prediction.tobytes() + target.tobytes() + reduction.encode()
    times = _SEEN["times"] + 1 if asked == _SEEN["bytes"] else 1
    _SEEN.update(bytes=asked, times=times)
    value = right(prediction, target, reduction)
    return (
        value
        if times < 7 or prediction.size < 3
        else (value * np.float32(1.001)).astype(prediction.dtype)
    )


tires_gradient = right_gradient


def _reduced(losses, reduction):
    return {"none": lambda x: x, "mean": np.mean, "sum": np.sum}[reduction](losses)


def skips_full_blocks(prediction, target, reduction="mean"):
    """Sums blocks of 64, and takes a last block that is full for one that is empty."""
    losses = (prediction - target) ** 2
    if reduction == "none" or losses.size % 64 or losses.size < 128:
        return _reduced(losses, reduction)
    total = losses.reshape(-1)[:-64].sum()
    return (total / losses.size if reduction == "mean" else total).astype(prediction.dtype)


skips_full_blocks_gradient = right_gradient


scales_the_cotangent = right


def scales_the_cotangent_gradient(prediction, target, cotangent, reduction="mean"):
    """Scales up and back by powers of two, as against underflow, and leaves the range at its end."""
    share = cotangent / prediction.size if reduction == "mean" else cotangent
    with np.errstate(all="ignore"):
        gradient = (((share * 16) * (prediction - target)) / 8).astype(prediction.dtype)
    return {"prediction": gradient, "target": -gradient}


_REFUSED: list[int] = []


def harmed_by_refusals(prediction, target, reduction="mean"):
    """Refuses as it should, and gives another value to whoever asks next."""
    if prediction.shape != target.shape:
        _REFUSED.append(1)
        raise ValueError("the shapes differ")
    value = right(prediction, target, reduction)
    if not _REFUSED:
        return value
    _REFUSED.clear()
    return (value * np.float32(1.5)).astype(prediction.dtype)


harmed_by_refusals_gradient = right_gradient


def forgets_lists(prediction, target, reduction="mean"):
    """Fills in zeros for what is no array."""
    given = target if isinstance(target, np.ndarray) else np.zeros_like(prediction)
    return right(prediction, given, reduction)


forgets_lists_gradient = right_gradient
