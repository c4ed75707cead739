"""The arguments that a spec writes for a case, as a target of some dtype sees them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases.case import Array, Value, frozen
from conformance.numerics.formats import FORMATS, Format, representable, round_to
from conformance.specs.case import Given
from conformance.specs.models import Loss, Parameter
from conformance.specs.values import entries, resolve

_FLOATING = ("float64", "float32", "float16", "bfloat16")


def misfit(given: Given, form: Format) -> str:
    """Why the numbers of a written case have no place in a format; empty where they have."""
    for value in given.values.values():
        for number in entries(value):
            if isinstance(number, float) and math.isfinite(number) and abs(number) >= form.overflow:
                return f"{number!r} is past the largest {form.name}"
    return ""


def inexact(loss: Loss, given: Given, form: Format) -> str:
    """Why a target does not see the numbers as written; the expectation then holds for others."""
    for name, value in given.values.items():
        scalar = name in loss.parameters and loss.parameters[name].shape is None
        seen = FORMATS["float64"] if scalar else form  # a Python number is passed on as it is
        for number in entries(value):
            if isinstance(number, float) and not _is_exact(number, seen):
                nearest = float(round_to(number, seen))
                return f"{name} holds {number!r}, rounded to {nearest.hex()} in {seen.name}"
    return ""


def _is_exact(number: float, form: Format) -> bool:
    """Whether the decimal that was written is a number of the format.

    Only its nearest double is at hand. One with a short significand was meant as it is: a decimal
    lands on such a double by chance once in 2^29 times.
    """
    if not math.isfinite(number):
        return True
    short = bool(representable(number, FORMATS["float32"]))
    return bool(representable(number, form)) and (
        short or Fraction(repr(number)) == Fraction(number)
    )


def given_inputs(loss: Loss, given: Given, form: Format) -> dict[str, Array]:
    """The inputs of a written case, rounded to the format; class indices stay integers."""
    inputs: dict[str, Array] = {}
    for name, declared in loss.inputs.items():
        whole = declared.kind == "class_index"
        kind = given.dtype.get(name)
        if kind is not None:
            whole = kind not in _FLOATING
        array = np.asarray(resolve(given.values[name], words(form)))
        array = array.reshape(given.shape.get(name, array.shape))
        inputs[name] = frozen(array.astype(np.int64) if whole else round_to(array, form))
    return inputs


def given_parameters(loss: Loss, given: Given, form: Format) -> dict[str, Value]:
    """The parameters that a written case states, and the mark of ignored samples if one occurs."""
    values: dict[str, Value] = {}
    for name, parameter in loss.parameters.items():
        mark = name not in given.values and _occurs_ignored(loss, name, given)
        if name in given.values or mark:
            value = parameter.default if mark else given.values[name]
            values[name] = _parameter(parameter, resolve(value, words(form)), form)
    return values


def _occurs_ignored(loss: Loss, name: str, given: Given) -> bool:
    """Whether some sample is marked by the default: a target without it cannot run the case."""
    marked = [own for own, declared in loss.inputs.items() if declared.also == name]
    return any(loss.parameters[name].default in entries(given.values[own]) for own in marked)


def _parameter(parameter: Parameter, value: Any, form: Format) -> Value:
    if value is None:
        return None
    if parameter.shape is not None:
        return np.asarray(frozen(round_to(value, form)), dtype=np.float64)
    if parameter.kind == "real":
        return float(value)
    return int(value) if parameter.kind == "integer" else bool(value)


def words(form: Format) -> dict[str, float]:
    """The numbers of a format that specs have words for."""
    return {
        "largest": form.largest,
        "smallest_normal": form.smallest_normal,
        "smallest_subnormal": form.smallest_subnormal,
    }
