"""Cases that carry their inputs in their own text, so that a replay needs no file.

    mse/float32/given/prediction=0x1.8p+1,target=0x0p+0/none
    nll/float64/given/log_probabilities.1x2=-0x1p+0,-0x1p-1,target=1/mean/ignore_index=0

Then come, only where there are any: the parameters, `with:` the conventions that the case fixes,
`along:` a cotangent. Numbers are hexadecimal and exact; class indices are decimal; shapes stand
behind the name unless there is one axis with something on it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from conformance.cases.case import Array, Case, Value, frozen
from conformance.cases.cotangent import Cotangents
from conformance.cases.recipe import GIVEN, parse_shape, shape_text, unreadable
from conformance.cases.streams import Floats

#: More numbers than this and the text holds only their digest.
LIMIT = 16

_WITH, _ALONG, _DIGEST = "with:", "along:", "sha256-"
_START = r"[a-z][a-z0-9_]*(?:\.(?:[0-9x]+|scalar)i?)?="
_NEXT = re.compile(f",(?={_START})")
_ENTRY = re.compile(r"([a-z][a-z0-9_]*)(?:\.([0-9x]+|scalar)(i?))?=(.*)")
_WORDS: dict[str, Value] = {"true": True, "false": False, "none": None}
_FORM = "LOSS/DTYPE/given/NAME=NUMBER,.../REDUCTION"


def explicit(
    loss: str,
    dtype: str,
    inputs: Mapping[str, Array],
    parameters: Mapping[str, Value],
    reduction: str,
    *,
    conventions: Mapping[str, str] | None = None,
    cotangent: Floats | None = None,
) -> Case:
    """A case of exactly these values, which must be exact in the dtype; its id is its text.

    Past `LIMIT` numbers the id holds a digest, and only the case itself can be replayed.
    """
    inputs = {name: frozen(array.copy()) for name, array in inputs.items()}
    parameters = {name: _kept(value) for name, value in parameters.items()}
    pinned = None if cotangent is None else np.asarray(frozen(cotangent.copy()), dtype=np.float64)
    chosen = dict(conventions or {})
    case = Case(
        id="",
        loss=loss,
        dtype=dtype,
        inputs=inputs,
        parameters=parameters,
        reduction=reduction,
        cotangents=Cotangents("", dtype, pinned=pinned),
        conventions=chosen,
    )
    text = _text(case)
    return Case(
        text,
        loss,
        dtype,
        inputs,
        parameters,
        reduction,
        Cotangents(text, dtype, pinned=pinned),
        chosen,
    )


def _kept(value: Value) -> Value:
    return (
        np.asarray(frozen(value.copy()), dtype=np.float64)
        if isinstance(value, np.ndarray)
        else value
    )


def _text(case: Case) -> str:
    pinned = case.cotangents.pinned
    arrays = [*case.inputs.values(), *case.parameters.values(), pinned]
    if sum(array.size for array in arrays if isinstance(array, np.ndarray)) > LIMIT:
        values = _DIGEST + case.digest()[:16]
        return "/".join([case.loss, case.dtype, GIVEN, values, case.reduction])
    words = [case.loss, case.dtype, GIVEN, _values_text(case.inputs), case.reduction]
    if case.parameters:
        words.append(_values_text(case.parameters, shapes=True))
    if case.conventions:
        words.append(_WITH + ",".join(f"{name}={text}" for name, text in case.conventions.items()))
    if pinned is not None:
        words.append(_ALONG + _values_text({"cotangent": pinned}))
    return "/".join(words)


def _values_text(values: Mapping[str, Value | Array], *, shapes: bool = False) -> str:
    return ",".join(_entry(name, value, shapes) for name, value in values.items())


def _entry(name: str, value: Value | Array, shapes: bool) -> str:
    if not isinstance(value, np.ndarray):
        return f"{name}={str(value).lower()}"
    plain = value.ndim == 1 and value.size and not shapes
    mark = "i" if value.size == 0 and value.dtype.kind == "i" else ""
    shape = "" if plain else "." + shape_text(value.shape) + mark
    return f"{name}{shape}=" + ",".join(
        number_text(number) for number in value.reshape(-1).tolist()
    )


def number_text(number: float | int) -> str:
    """A class index in decimal, a float in hexadecimal without the zeros that end its fraction."""
    if isinstance(number, int) or not math.isfinite(number):
        return str(number)
    fraction, _, exponent = number.hex().partition("p")
    return f"{fraction.rstrip('0').rstrip('.')}p{exponent}" if "." in fraction else number.hex()


def parse_given(text: str) -> Case:
    """Rebuild a case from the text of `explicit`; raises CaseTextError."""
    words = text.split("/")
    if len(words) < 5 or words[2] != GIVEN:
        raise unreadable(text, f"{len(words)} words between slashes", _FORM)
    loss, dtype, _, values, reduction = words[:5]
    if values.startswith(_DIGEST):
        raise unreadable(text, "a digest in place of the inputs", "the recipe that it was cut from")
    parameters: dict[str, Value] = {}
    conventions: dict[str, str] = {}
    cotangent: Floats | None = None
    for word in words[5:]:
        if word.startswith(_WITH):
            pairs = (entry.partition("=") for entry in word[len(_WITH) :].split(","))
            conventions = {name: choice for name, _, choice in pairs}
        elif word.startswith(_ALONG):
            cotangent = _floats(_arrays(word[len(_ALONG) :], text)["cotangent"])
        else:
            parameters = _parameters(word, text)
    return explicit(
        loss,
        dtype,
        _arrays(values, text),
        parameters,
        reduction,
        conventions=conventions,
        cotangent=cotangent,
    )


def _arrays(word: str, text: str) -> dict[str, Array]:
    arrays = {}
    for entry in _NEXT.split(word):
        name, shape, integer, numbers = _match(entry, text)
        arrays[name] = _array(shape, bool(integer), numbers, text)
    return arrays


def _parameters(word: str, text: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for entry in _NEXT.split(word):
        name, shape, integer, numbers = _match(entry, text)
        if shape is not None:
            values[name] = _floats(_array(shape, bool(integer), numbers, text))
        else:
            values[name] = _WORDS[numbers] if numbers in _WORDS else _number(numbers, text)
    return values


def _match(entry: str, text: str) -> tuple[str, str | None, str, str]:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise unreadable(text, repr(entry), _FORM)
    name, shape, integer, numbers = found.groups()
    return name, shape, integer, numbers


def _array(shape: str | None, integer: bool, numbers: str, text: str) -> Array:
    values = [_number(number, text) for number in numbers.split(",")] if numbers else []
    whole = integer or (bool(values) and all(isinstance(value, int) for value in values))
    array = np.asarray(values, dtype=np.int64 if whole else np.float64)
    sizes = (array.size,) if shape is None else parse_shape(shape)
    if math.prod(sizes) != array.size:
        raise unreadable(text, f"{array.size} numbers for the shape {shape}", str(math.prod(sizes)))
    return frozen(array.reshape(sizes))


def _number(number: str, text: str) -> float | int:
    try:
        if "0x" in number:
            return float.fromhex(number)
        return int(number) if number.lstrip("-").isdigit() else float(number)
    except ValueError:
        raise unreadable(text, repr(number), "a number such as 0x1.8p+1, 3, inf or nan") from None


def _floats(array: Array) -> Floats:
    return np.asarray(array, dtype=np.float64)
