"""exp and log built from correctly rounded operations alone: the same bits on every machine.

NumPy picks its exp and log by the processor it finds, so their last bit varies between machines;
a generated case must not. The four operations and scaling by a power of two do not vary.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Bound on the relative error of `exp` and `log`, in unit roundoffs of float64 (tested, with room).
ROUNDOFFS = 4.0

UNIT_ROUNDOFF = 2.0**-53

# ln 2 = HIGH + LOW; HIGH has 32 significant bits, so that its products with exponents are exact.
_HIGH = float.fromhex("0x1.62e42feep-1")
_LOW = float.fromhex("0x1.a39ef35793c76p-33")

_EXP_TERMS = 14  # |r| <= 0.35: the first omitted term is below 2^-60
_LOG_TERMS = 12  # z <= 0.0295: likewise


def exp(values: ArrayLike) -> Floats:
    """e to the power of each value, within `ROUNDOFFS` relative or half a subnormal."""
    x = np.clip(np.asarray(values, dtype=np.float64), -800.0, 800.0)
    with np.errstate(all="ignore"):
        steps = np.rint(np.where(np.isnan(x), 0.0, x) / (_HIGH + _LOW))
        rest = (x - steps * _HIGH) - steps * _LOW
        series = np.ones_like(rest)
        for k in range(_EXP_TERMS, 0, -1):
            series = 1.0 + series * rest / k
        return np.asarray(np.ldexp(series, steps.astype(np.int32)))


def log(values: ArrayLike) -> Floats:
    """Natural logarithm, within `ROUNDOFFS` relative; -inf at zero, NaN below it."""
    x = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        mantissa, exponent = np.frexp(x)
        small = mantissa < 0.7071067811865476
        mantissa = np.where(small, 2.0 * mantissa, mantissa)
        exponent = exponent - small
        quotient = (mantissa - 1.0) / (mantissa + 1.0)
        z = quotient * quotient
        series = np.zeros_like(z)
        for k in range(_LOG_TERMS, 0, -1):
            series = (series + 1.0 / (2 * k + 1)) * z
        fraction = 2.0 * quotient + 2.0 * quotient * series
        result = exponent * _HIGH + (fraction + exponent * _LOW)
        result = np.where(x == 0.0, -np.inf, result)
        result = np.where(np.isposinf(x), np.inf, result)
        return np.where((x < 0.0) | np.isnan(x), np.nan, result)


def total(values: Floats) -> Floats:
    """Sum over the last axis from left to right, which stays with length one; 0 where empty."""
    if values.shape[-1] == 0:
        return np.zeros((*values.shape[:-1], 1))
    return np.add.accumulate(values, axis=-1)[..., -1:]


def log_softmax(logits: Floats) -> tuple[Floats, Floats]:
    """Log-probabilities over the last axis and a bound on the absolute error of each.

    With d = x - max(x) the terms exp(d) carry |d| + ROUNDOFFS unit roundoffs each, the sum one more
    a term; its logarithm makes the relative error of the sum, at least 1, an absolute one.
    """
    if logits.shape[-1] == 0:
        return logits, np.zeros_like(logits)
    with np.errstate(all="ignore"):
        below = logits - np.max(logits, axis=-1, keepdims=True)
        terms = exp(below)
        partition = total(terms)
        result = below - log(partition)
        spread = total(terms * np.where(terms > 0.0, -below, 0.0)) / partition
        of_sum = spread + ROUNDOFFS + logits.shape[-1] + ROUNDOFFS * np.abs(log(partition))
        bound = UNIT_ROUNDOFF * (np.abs(below) + of_sum + np.abs(result) + 1.0) * 1.01
    return result, _settled(result, bound, logits)


def sigmoid(logits: Floats) -> tuple[Floats, Floats]:
    """1 / (1 + exp(-x)) and a bound on the absolute error of each."""
    with np.errstate(all="ignore"):
        power = exp(-np.abs(logits))
        result = np.where(logits >= 0.0, 1.0, power) / (1.0 + power)
        bound = UNIT_ROUNDOFF * (2.0 * ROUNDOFFS + 4.0) * result + 2.0**-1074
    return result, _settled(result, bound, logits)


def _settled(result: Floats, bound: Floats, logits: Floats) -> Floats:
    """An infinity given stays exact; one that overflow made bounds nothing, nor does NaN."""
    made = np.where(np.isinf(logits), 0.0, np.inf)
    bound = np.where(np.isinf(result), made, bound)
    return np.where(np.isnan(bound) | np.isnan(result), np.inf, bound)
