"""Logits over classes: what each class would cost as the target, and the slopes of costs."""

import numpy as np

from reference.choices import parse
from reference.stable import Array, shares, surprisal

INFINITE = ("limit", "nan", "by-difference")


def cost(logits: Array, infinite_logits: str) -> Array:
    """Minus the log-softmax over the last axis.

    Where the largest logit is infinite: the limit, NaN, or the difference to the largest.
    """
    choice = parse(infinite_logits, *INFINITE).name
    if choice == "limit":
        return np.where(_beaten(logits), np.inf, surprisal(tamed(logits)))
    plain = surprisal(logits)
    if choice == "nan":
        return plain
    largest = np.max(logits, axis=-1, keepdims=True)
    return np.where(np.isinf(largest), largest - logits, plain)


def cost_slope(logits: Array, own: Array, others: Array, infinite_logits: str) -> Array:
    """Derivative of the costs, each counted `own` times; `others` is the sum of own but one.

    A class is pushed down by what the others count, times its probability, and up by what it
    counts itself, times the probability of the others; 1 - p is never formed.
    """
    nan = parse(infinite_logits, *INFINITE).name == "nan"
    probability, complement = shares(logits if nan else tamed(logits))
    return others * probability - own * complement


def spared(each: Array, share: Array) -> Array:
    """Costs, less those of impossible classes of which nothing is asked; a cost of NaN stays."""
    return np.where(np.isinf(each) & (share == 0), 0.0, each)


def tamed(logits: Array) -> Array:
    """Finite logits with the softmax of infinite ones, where it has a limit.

    A single infinity takes the whole softmax, and so does a single class; of two, none wins.
    """
    if logits.shape[-1] == 1:
        return np.where(np.isnan(logits), logits, 0.0)
    infinite = _infinite(logits)
    alone = np.sum(infinite, axis=-1, keepdims=True) == 1
    only = np.where(_beaten(logits), -np.inf, np.where(infinite, 0.0, logits))
    return np.where(alone, only, logits)


def _infinite(logits: Array) -> Array:
    """Where a logit is plus infinity; a plain mask."""
    return np.isinf(np.maximum(logits, 0.0))


def _beaten(logits: Array) -> Array:
    """Where a logit stands beside an infinite one, in a row without NaN."""
    infinite, unknown = _infinite(logits), np.isnan(logits)
    some = np.sum(infinite, axis=-1, keepdims=True) > 0
    return some & ~infinite & (np.sum(unknown, axis=-1, keepdims=True) == 0)
