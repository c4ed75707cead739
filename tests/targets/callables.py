"""What a worker may meet: a loss that behaves, and ones that do not."""

import ctypes
import os
import sys
import time
import warnings

import numpy as np


def squared(prediction, target, reduction="mean", weight=None, kind=0):
    losses = (prediction - target) ** 2
    if weight is not None:
        losses = losses * weight
    return {"none": lambda x: x, "mean": np.mean, "sum": np.sum}[reduction](losses)


def squared_gradient(prediction, target, cotangent, reduction="mean", weight=None, kind=0):
    share = cotangent / prediction.size if reduction == "mean" else cotangent
    gradient = 2 * (prediction - target) * share
    return {"prediction": gradient, "target": -gradient}


class Squared:
    """The same as an object that is constructed first."""

    def __init__(self, reduction="mean", weight=None, kind=0):
        self._keywords = {"reduction": reduction, "weight": weight, "kind": kind}

    def __call__(self, prediction, target):
        return squared(prediction, target, **self._keywords)


def unreduced(prediction, target):
    return (prediction - target) ** 2


def identity(prediction, target, **_):
    return prediction


def no_gradient(prediction, target, **_):
    return prediction


def exits(*_, **__):
    os._exit(3)


def aborts(*_, **__):
    os.abort()


def reads_nowhere(*_, **__):
    return ctypes.string_at(0)


def loops(*_, **__):
    while True:
        pass


def sleeps(*_, **__):
    time.sleep(60)


def floods(prediction, target, **_):
    for _ in range(200):
        print("x" * 10_000)
        print("y" * 10_000, file=sys.stderr)
    return prediction


def hoards(*_, **__):
    kept = []
    while True:
        kept.append(np.ones(1 << 19))


def closes_everything(*_, **__):
    os.closerange(3, 256)


def forks_and_exits(*_, **__):
    if os.fork() == 0:
        time.sleep(30)
        os._exit(0)
    os._exit(5)


def raises(*_, **__):
    raise ZeroDivisionError("nothing to divide by")


def leaves(*_, **__):
    sys.exit(7)


class Unspeakable(ValueError):
    def __str__(self):
        raise RuntimeError("no words")


def raises_unspeakably(*_, **__):
    raise Unspeakable


def mutates(prediction, target, **_):
    target[0] = -0.0 if target[0] == 0.0 else 5.0
    return prediction


def warns(prediction, target, **_):
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    return prediction


def returns_text(*_, **__):
    return "a loss"


def returns_complex(prediction, target, **_):
    return prediction + 1j


def widens(prediction, target, **_):
    return prediction.astype(np.float64)


_CALLS = [0]


def counts(prediction, target, **_):
    _CALLS[0] += 1
    return np.full(prediction.shape, float(_CALLS[0] >= 3))


def strides(prediction, target, **_):
    return np.array(prediction.strides)
