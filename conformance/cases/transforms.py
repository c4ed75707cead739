"""Transforms of inputs in identities, each value with a bound on its absolute error.

Computed in float64 by portable operations and then rounded into the dtype of the case, so that the
judge knows how far the input of the other side may lie from the exact one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from conformance.cases import portable
from conformance.cases.case import Array
from conformance.cases.portable import ROUNDOFFS, UNIT_ROUNDOFF
from conformance.cases.streams import Floats
from conformance.numerics.formats import Format, round_to
from conformance.specs.models import TRANSFORMS

Bounded = tuple[Array, Floats]


def transformed(text: str, inputs: Mapping[str, Array], classes: int, form: Format) -> Bounded:
    """Evaluate an expression such as `log_softmax(logits)` and round it into the format.

    Returns the rounded values and, for each, a bound on its distance from the exact transform, 0
    for inputs taken as they are. Raises ValueError outside of names and `TRANSFORMS`.
    """
    node = ast.parse(text.strip(), mode="eval").body
    value, bound = _evaluate(node, text, inputs, classes)
    if isinstance(node, ast.Name):
        return value, bound
    exact = np.asarray(value, dtype=np.float64)
    rounded = round_to(exact, form)
    with np.errstate(invalid="ignore"):
        moved = np.where(rounded == exact, 0.0, np.abs(rounded - exact))
    return rounded, np.where(np.isnan(moved), np.inf, moved + bound)


def _evaluate(node: ast.expr, text: str, inputs: Mapping[str, Array], classes: int) -> Bounded:
    match node:
        case ast.Name(id=name) if name in inputs:
            return inputs[name], np.zeros(inputs[name].shape)
        case ast.Call(func=ast.Name(id="one_hot"), args=[argument, ast.Name(id="classes")]):
            index = _evaluate(argument, text, inputs, classes)[0]
            hot = (index[..., None] == np.arange(classes)).astype(np.float64)
            return hot, np.zeros(hot.shape)
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in FUNCTIONS:
            value, bound = _evaluate(argument, text, inputs, classes)
            return FUNCTIONS[name](np.asarray(value, dtype=np.float64), bound)
    known = ", ".join((*inputs, *TRANSFORMS))
    raise ValueError(f"identity {text!r}: cannot be evaluated; right would be {known}")


def _log_softmax(value: Floats, bound: Floats) -> tuple[Floats, Floats]:
    """An error of at most e in every logit moves a log-probability by at most 2 e."""
    result, own = portable.log_softmax(value)
    most = np.max(bound, axis=-1, keepdims=True) if bound.size else bound
    return result, own + 2.0 * most


def _softmax(value: Floats, bound: Floats) -> tuple[Floats, Floats]:
    return _exp(*_log_softmax(value, bound))


def _sigmoid(value: Floats, bound: Floats) -> tuple[Floats, Floats]:
    """The slope of the sigmoid is at most a quarter."""
    result, own = portable.sigmoid(value)
    return result, own + 0.25 * bound


def _exp(value: Floats, bound: Floats) -> tuple[Floats, Floats]:
    result = portable.exp(value)
    with np.errstate(all="ignore"):
        growth = 2.0 * bound * np.maximum(portable.exp(bound), 1.0)
        relative = growth + UNIT_ROUNDOFF * ROUNDOFFS * (1.0 + growth)
        total = np.where(bound == 0.0, result * UNIT_ROUNDOFF * ROUNDOFFS, result * relative)
    return result, _known(result, total + 2.0**-1074, value)


def _log(value: Floats, bound: Floats) -> tuple[Floats, Floats]:
    result = portable.log(value)
    with np.errstate(all="ignore"):
        share = np.where(bound == 0.0, 0.0, bound / value)
        moved = np.where(share < 0.5, 2.0 * share, np.inf)
        total = moved + UNIT_ROUNDOFF * ROUNDOFFS * np.abs(result)
    return result, _known(result, total, value)


def _known(result: Floats, bound: Floats, value: Floats) -> Floats:
    """Exact where an infinity or a zero was given and an infinity or a zero is right."""
    exact = np.isinf(value) | ((value == 0.0) & np.isinf(result))
    return np.where(np.isnan(result), np.inf, np.where(exact, 0.0, bound))


FUNCTIONS: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "log_softmax": _log_softmax,
    "softmax": _softmax,
    "sigmoid": _sigmoid,
    "exp": _exp,
    "log": _log,
}
