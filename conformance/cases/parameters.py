"""Parameters of a case: the tokens that a recipe may state, and the values that they decide."""

from __future__ import annotations

import numpy as np

from conformance.cases.case import Value
from conformance.cases.reals import Space, magnitudes
from conformance.cases.recipe import CaseTextError
from conformance.cases.streams import Floats, Shape
from conformance.specs.models import Loss, Parameter

# Exact and inexact numbers: an implementation may round a scalar to its dtype or keep it wide.
_SCALARS = ("0.0", "0.001", "0.1", "0.5", "1.0", "2.0")
_INTEGERS = ("0", "1", "2")

# The usual mark, the ends of the class range, and one past most of it.
_IGNORED = ("-100", "0", "last", "255")

_PER_CLASS = ("typical", "ones", "some-zero", "wide", "spread")

# Behind the point stands the shape, where it is not the batch's: its last axis, or one number.
_PER_SAMPLE = (*_PER_CLASS, "typical.last", "some-zero.last", "spread.scalar")

_SPREAD_EXPONENT = 10


def tokens_of(loss: Loss, name: str) -> tuple[str, ...]:
    """The tokens with which a recipe may state a parameter, the simplest first."""
    parameter = loss.parameters[name]
    if parameter.shape is not None:
        return _PER_CLASS if parameter.shape == "classes" else _PER_SAMPLE
    if parameter.kind == "boolean":
        return ("true", "false")
    if parameter.kind == "integer":
        return _IGNORED if marks_ignored(loss, name) else _legal(parameter, _INTEGERS)
    return _legal(parameter, _SCALARS)


def _legal(parameter: Parameter, tokens: tuple[str, ...]) -> tuple[str, ...]:
    domain = parameter.domain()
    return tuple(token for token in tokens if domain.contains(float(token)))


def marks_ignored(loss: Loss, name: str) -> bool:
    """Whether a parameter holds the class index of samples to leave out."""
    return any(given.also == name for given in loss.inputs.values())


def parameter_value(
    parameter: Parameter, token: str, batch: Shape, classes: int | None, space: Space
) -> Value:
    """The value that a token decides; scalars stay the Python numbers that the token writes.

    Arrays are drawn from the space's stream, unrounded. Raises CaseTextError for any other token.
    """
    if parameter.shape is not None:
        manner, _, which = token.partition(".")
        shape = (classes or 0,) if parameter.shape == "classes" else _part(batch, which)
        return np.asarray(_weights(manner, Space(space.stream, shape, space.form)))
    if token in ("true", "false"):
        return token == "true"
    if token == "last":
        return (classes or 1) - 1
    try:
        return int(token) if parameter.kind == "integer" else float(token)
    except ValueError:
        raise CaseTextError(
            f"parameter token {token!r}: decides no {parameter.kind} value; right would be a number"
        ) from None


def _part(batch: Shape, which: str) -> Shape:
    return {"": batch, "last": batch[-1:], "scalar": ()}[which]


def _weights(manner: str, space: Space) -> Floats:
    stream, shape = space.stream, space.shape
    match manner:
        case "typical":
            return stream.between(0.125, 2.0, shape)
        case "ones":
            return np.ones(shape)
        case "some-zero":
            return np.where(stream.some(0.3, shape), 0.0, stream.between(0.125, 2.0, shape))
        case "wide":
            return magnitudes(space)
        case "spread":
            return stream.magnitude(-_SPREAD_EXPONENT, _SPREAD_EXPONENT, shape)
    raise CaseTextError(
        f"parameter token {manner!r}: decides no array; right would be {', '.join(_PER_SAMPLE)}"
    )
