"""Between JSON values and the frozen records, strictly both ways, driven by the type hints."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Decoder = Callable[[Any], Any]
Record = TypeVar("Record")

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""JSON has no words for these; strict parsers refuse the bare literals."""


class Mismatch(Exception):
    """A value is not what the schema says; `path` grows as the error passes outwards."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return f"{'.'.join(self.path) or 'the record'}: {self.message}"

    def under(self, key: str) -> Mismatch:
        return Mismatch(self.message, (key, *self.path))


def decode(kind: type[Record], value: object) -> Record:
    """Build a record from parsed JSON; Mismatch names the path of the first thing that is off."""
    key: Any = kind
    record: Record = decoder(key)(value)
    return record


def encode(value: object) -> Any:
    """Turn records into what `json.dumps(allow_nan=False)` takes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _special(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if is_dataclass(value):
        return {_key(part): encode(getattr(value, part.name)) for part in fields(value)}
    raise Mismatch(f"found {type(value).__name__}; would be a number, text, list or mapping")


@cache
def decoder(kind: Any) -> Decoder:
    """Compile a type hint once; files have tens of thousands of rows."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and is_dataclass(kind):
        return _of_record(kind)
    if isinstance(kind, type) and issubclass(kind, tuple):
        return _of_named_tuple(kind)
    return _ORIGINS[get_origin(kind)](get_args(kind))


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _key(part: Any) -> str:
    key: str = part.metadata.get("key", part.name)
    return key


def _found(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _plain(accepted: tuple[type, ...], words: str) -> Decoder:
    def take(value: Any) -> Any:
        if type(value) in accepted:
            return value
        raise Mismatch(f"found {_found(value)}; would be {words}")

    return take


def _float(value: Any) -> float:
    if type(value) in (float, int):
        return float(value)
    if type(value) is str and value in SPECIAL:
        return SPECIAL[value]
    raise Mismatch(f"found {_found(value)}; would be a number, NaN, Infinity or -Infinity")


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return SPECIAL.get(value, value)
    if isinstance(value, list | tuple):
        return tuple(_value(item) for item in value)
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): _value(item) for key, item in value.items()})
    if value is None or isinstance(value, bool | int | float):
        return value
    raise Mismatch(f"found {_found(value)}; would be a JSON value")


def _of_choice(choices: tuple[Any, ...]) -> Decoder:
    def take(value: Any) -> Any:
        if isinstance(value, str | int) and value in choices:
            return value
        raise Mismatch(f"found {_found(value)}; would be one of {', '.join(map(str, choices))}")

    return take


def _of_union(options: tuple[Any, ...]) -> Decoder:
    (present,) = (option for option in options if option is not NoneType)
    inner = decoder(present)
    return lambda value: None if value is None else inner(value)


def _of_tuple(arguments: tuple[Any, ...]) -> Decoder:
    inner = decoder(arguments[0])

    def take(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise Mismatch(f"found {_found(value)}; would be a list")
        try:
            return tuple([inner(item) for item in value])
        except Mismatch:
            # Only a failure pays for knowing where it was.
            return tuple(_at(inner, str(at), item) for at, item in enumerate(value))

    return take


def _of_mapping(arguments: tuple[Any, ...]) -> Decoder:
    key_of, item_of = decoder(arguments[0]), decoder(arguments[1])

    def take(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Mismatch(f"found {_found(value)}; would be a mapping")
        return MappingProxyType(
            {key_of(key): _at(item_of, str(key), item) for key, item in value.items()}
        )

    return take


def _of_named_tuple(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    parts = [decoder(hint) for hint in hints.values()]

    def take(value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != len(parts):
            raise Mismatch(f"found {_found(value)}; would be a list of {', '.join(hints)}")
        try:
            return kind(*[part(item) for part, item in zip(parts, value, strict=True)])
        except Mismatch:
            rows = zip(parts, hints, value, strict=True)
            return kind(*[_at(part, name, item) for part, name, item in rows])

    return take


def _of_record(kind: Any) -> Decoder:
    hints = get_type_hints(kind)
    parts = {_key(part): (part.name, decoder(hints[part.name])) for part in fields(kind)}
    required = {
        _key(part)
        for part in fields(kind)
        if part.default is MISSING and part.default_factory is MISSING
    }

    def take(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, Mapping):
            raise Mismatch(f"found {_found(value)}; would be a mapping")
        for key in value:
            if key not in parts:
                raise Mismatch(f"unknown key {_found(key)}; keys are {', '.join(parts)}")
        for key in sorted(required - value.keys()):
            raise Mismatch(
                f"the key {key!r} is missing; required are {', '.join(sorted(required))}"
            )
        return kind(**{parts[key][0]: _at(parts[key][1], key, item) for key, item in value.items()})

    return take


def _at(inner: Decoder, key: str, value: Any) -> Any:
    try:
        return inner(value)
    except Mismatch as mismatch:
        raise mismatch.under(key) from None


_PLAIN: dict[Any, Decoder] = {
    str: _plain((str,), "text"),
    bool: _plain((bool,), "true or false"),
    int: _plain((int,), "a whole number"),
    float: _float,
    Any: _value,
}
_ORIGINS: dict[Any, Callable[[tuple[Any, ...]], Decoder]] = {
    Literal: _of_choice,
    UnionType: _of_union,
    Union: _of_union,
    tuple: _of_tuple,
    Mapping: _of_mapping,
}
