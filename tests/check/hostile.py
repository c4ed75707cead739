"""Callables that do what foreign code does; each is the squared difference besides."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import numpy as np


def honest(prediction, target):
    return (prediction - target) ** 2


def honest_gradient(prediction, target, cotangent):
    slope = 2 * (prediction - target) * cotangent
    return {"prediction": slope, "target": -slope}


def _marked(prediction):
    """Only some of the cases: those of 17 samples."""
    return prediction.shape == (17,)


def segfaults(prediction, target):
    if _marked(prediction):
        os.kill(os.getpid(), signal.SIGSEGV)
    return honest(prediction, target)


def exits(prediction, target):
    if _marked(prediction):
        os._exit(0)
    return honest(prediction, target)


def loops(prediction, target):
    while _marked(prediction):
        time.sleep(0.01)
    return honest(prediction, target)


def always_loops(prediction, target):
    while True:
        time.sleep(0.01)


def floods(prediction, target):
    if _marked(prediction):
        for _ in range(3_000):
            print("x" * 1_000)
            print("y" * 100, file=sys.stderr)
    return honest(prediction, target)


def forks(prediction, target):
    if _marked(prediction):
        os.fork()  # the child goes on with what is not its own
    return honest(prediction, target)


def hoards(prediction, target):
    if _marked(prediction):
        kept = [bytearray(b"x" * (1 << 20)) for _ in range(2_000)]
        time.sleep(len(kept))
    return honest(prediction, target)


def changes_errors(prediction, target):
    np.seterr(divide="raise")
    return honest(prediction, target)


class _Dying:
    def __del__(self):
        raise RuntimeError("<b>from the grave</b>")


def dies_in_del(prediction, target):
    _Dying()
    return honest(prediction, target)


def patches(prediction, target):
    np.square = honest
    return honest(prediction, target)


def closes_streams(prediction, target):
    for descriptor in range(3):
        if prediction.size > 1:
            os.close(descriptor)
    return honest(prediction, target)


def leaves(prediction, target):
    os.chdir("/")
    return honest(prediction, target)


def deletes_its_folder(prediction, target):
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    shutil.rmtree(folder)
    return honest(prediction, target)


def seeds(prediction, target):
    np.random.seed(0)
    return honest(prediction, target)


def draws(prediction, target):
    np.random.random()
    random.random()
    return honest(prediction, target)


def leaves_threads(prediction, target):
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
    return honest(prediction, target)


def hides_the_grave(prediction, target):
    sys.unraisablehook = honest
    return dies_in_del(prediction, target)


def patches_json(prediction, target):
    import json

    json.dumps = json.loads = honest
    return honest(prediction, target)


def writes_garbage(prediction, target):
    for descriptor in range(3, 32 if _marked(prediction) else 0):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\xff" * 64)
    return honest(prediction, target)


def orphans(prediction, target):
    if _marked(prediction) and os.fork() == 0:
        os.setsid()
        with open(os.environ["ORPHAN"], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
    return honest(prediction, target)


def quits(prediction, target):
    if _marked(prediction):
        raise SystemExit
    return honest(prediction, target)


def interrupts(prediction, target):
    if _marked(prediction):
        raise KeyboardInterrupt
    return honest(prediction, target)


def none(prediction, target):
    return None


def listed(prediction, target):
    return honest(prediction, target).tolist()


def complex_(prediction, target):
    return honest(prediction, target).astype(complex)


def paired(prediction, target):
    return honest(prediction, target), 0


def truths(prediction, target):
    return honest(prediction, target) > 0


def summed_to_nowhere(prediction, target):
    return honest(prediction, target)[..., None]


class Uncallable:
    pass


class _Odd:
    def __call__(self, prediction, target):
        return honest(prediction, target)

    def __getattr__(self, name):
        raise RuntimeError(name)


grim = _Odd()


def raises_markup(prediction, target):
    raise ValueError("<script>alert(1)</script>")


def reduced(prediction, target):
    return np.mean(honest(prediction, target))


def summed(prediction, target):
    return np.sum(honest(prediction, target))


def only_float32(prediction, target, reduction="none"):
    if prediction.dtype != np.float32:
        raise TypeError(f"{prediction.dtype} is not supported")
    loss = honest(prediction, target)
    return loss if reduction == "none" else getattr(np, reduction)(loss)


def _reduced(loss, reduction):
    return loss if reduction == "none" else getattr(np, reduction)(loss)


def takes_even_rows(prediction, target, reduction="none"):
    if prediction.ndim == 1 and prediction.size % 2:
        raise ValueError("rows of odd length are left to nobody")
    return _reduced(honest(prediction, target), reduction)


def sums_even_batches(prediction, target, reduction="none"):
    if reduction == "sum" and prediction.size % 2:
        raise ValueError("sums come in pairs")
    return _reduced(honest(prediction, target), reduction)


def takes_even_float64(prediction, target, reduction="none"):
    if prediction.dtype == np.float64 and prediction.size % 2:
        raise TypeError("float64 comes in pairs")
    return _reduced(honest(prediction, target), reduction)


def misspelt_in_float64(prediction, target, reduction="none"):
    if prediction.dtype == np.float64:
        return hones(prediction, target)  # noqa: F821 (the fault that is planted)
    return _reduced(honest(prediction, target), reduction)


def misspelt_for_sums(prediction, target, reduction="none"):
    if reduction == "sum":
        return honest(prediction, target).sum() / zero()
    return _reduced(honest(prediction, target), reduction)


def zero():
    return int("0") // int("0")


def of_one_axis(prediction, target, reduction="none"):
    if prediction.ndim != 1:
        raise ValueError(f"{prediction.ndim} axes")
    return _reduced(honest(prediction, target), reduction)


def turned(target, prediction):
    return honest(prediction, target)


def negated(prediction, target):
    return honest(prediction, target)


def negated_gradient(prediction, target, cotangent):
    slope = 2 * (prediction - target) * cotangent
    return {"prediction": -slope, "target": slope}


def quarter_more(prediction, target):
    return (honest(prediction, target) * 1.25).astype(prediction.dtype)


def quarter_more_gradient(prediction, target, cotangent):
    slope = (3 * (prediction - target) * cotangent).astype(prediction.dtype)
    return [slope, -slope]


def _within(probabilities):
    small = probabilities.dtype.type(1e-7)
    return np.clip(probabilities, small, 1 - small)


def clipped(probabilities, target):
    p = _within(probabilities)
    return -(target * np.log(p) + (1 - target) * np.log1p(-p))


def clipped_gradient(probabilities, target, cotangent):
    p = _within(probabilities)
    slope = np.where(p == probabilities, (p - target) / (p * (1 - p)), 0)
    by_target = np.log1p(-p) - np.log(p)
    return [each.astype(p.dtype) for each in (slope * cotangent, by_target * cotangent)]


def half(prediction, target):
    return honest(prediction, target)


def half_gradient(prediction, target, cotangent):
    return [2 * (prediction - target) * cotangent]


def off(prediction, target):
    return honest(prediction, target) * 1.001


def needs_more(prediction, target, temperature):
    return honest(prediction, target) / temperature
