"""Sums and means in an accumulator, and quotients by a number."""

from __future__ import annotations

import numpy as np

from conformance.numerics.arithmetic import Arithmetic
from conformance.numerics.estimate import Estimate, either, rounded
from conformance.numerics.formats import Format


def summed(given: Estimate, axis: int | None, keepdims: bool, arithmetic: Arithmetic) -> Estimate:
    """Sum in the accumulator: gamma_h times the sum of magnitudes, h the height of the tree."""
    value = np.asarray(given.value.sum(axis=axis, keepdims=keepdims))
    count = given.value.size // value.size if value.size else 0
    bound = given.bound.sum(axis=axis, keepdims=keepdims)
    overflow = None
    if given.overflow is not None:
        overflow = np.asarray(given.overflow.any(axis=axis, keepdims=keepdims))
    if count > 1:
        unit = arithmetic.height(count) * arithmetic.accumulator.unit_roundoff
        reach = (np.abs(given.value) + given.bound).sum(axis=axis, keepdims=keepdims)
        bound = bound + (unit / (1.0 - unit) if unit < 1.0 else np.inf) * reach
        if (reach >= arithmetic.accumulator.overflow).any():
            # partial sums may pass the range although the total does not
            finite = np.isfinite(given.value).all(axis=axis, keepdims=keepdims)
            past = finite & (reach >= arithmetic.accumulator.overflow)
            overflow = either(overflow, past)
    return Estimate(value, np.where(np.isnan(bound), np.inf, bound), overflow)


def off_by_reciprocal(given: Estimate, divisor: float, arithmetic: Arithmetic) -> Estimate:
    """The dividend of a quotient by a number, where that is a product with its reciprocal."""
    if not arithmetic.reciprocals:
        return given
    error = arithmetic.reciprocal(given.value, given.bound, divisor)
    return given._replace(bound=given.bound + error)


def divided(given: Estimate, count: int, form: Format, arithmetic: Arithmetic) -> Estimate:
    """Quotient by an exact count, rounded once into `form`."""
    value = np.asarray(given.value / np.float64(count))
    bound = (
        off_by_reciprocal(given, count, arithmetic).bound / count if count else np.zeros_like(value)
    )
    return rounded(Estimate(value, bound, given.overflow), form, arithmetic)
