"""What a model refuses, as problems with a place: paths of faults become lines and columns."""

import difflib
import types
import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from conformance.specs.errors import Problem, SpecError
from conformance.specs.reading import Document, Trail

T = TypeVar("T")

_PLAIN = {
    "string_type": "text is expected; write text, in quotes if it looks like a number",
    "int_type": "a whole number is expected",
    "float_type": "a number is expected",
    "bool_type": "true or false is expected",
    "dict_type": "a mapping is expected; write 'key: value' lines",
    "model_type": "a mapping is expected; write 'key: value' lines",
    "tuple_type": "a list is expected; write [a, b] or '- ' lines",
}


def validate(adapter: TypeAdapter[T], document: Document, extra: dict[str, Any], root: Any) -> T:
    """Build a model from a document and what is not in it; raises SpecError with all faults.

    `root` is the type that the adapter builds, for naming the keys it allows.
    """
    data = document.data
    if isinstance(data, dict) and extra:
        taken = [key for key in extra if key in data]
        if taken:
            raise SpecError([_taken(document, key) for key in taken])
        data = {**data, **extra}
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise SpecError([_problem(document, fault, root) for fault in faults]) from None


def _taken(document: Document, key: str) -> Problem:
    message = f"the key {key!r} is not written in the file"
    return document.problem((key,), message, "the file's place gives it; remove it", key=True)


def _problem(document: Document, fault: Any, root: Any) -> Problem:
    trail = _trail(document.data, fault["loc"])
    where = ".".join(str(part) for part in trail) or "the file"
    kind = fault["type"]
    if kind == "extra_forbidden":
        return _unknown_key(document, trail, root)
    if kind == "missing":
        missing = fault["loc"][-1]
        parent = ".".join(str(part) for part in trail) or "the file"
        return document.problem(trail, f"{parent} lacks the key {missing!r}", "add it")
    if kind == "string_pattern_mismatch":
        named = "the name of the file" if fault["loc"] == ("id",) else where
        remedy = f"write it to the pattern {fault['ctx']['pattern']}"
        return document.problem(trail, f"{named} is {_found(fault['input'])}", remedy)
    if kind in _PLAIN:
        expected, _, remedy = _PLAIN[kind].partition("; ")
        message = f"{where} is {_found(fault['input'])}, but {expected}"
        return document.problem(trail, message, remedy or "write one")
    message, _, remedy = fault["msg"].removeprefix("Value error, ").partition("; ")
    return document.problem(trail, f"{where}: {_lower(message)}", remedy or _remedy(fault))


def _remedy(fault: Any) -> str:
    return f"found was {_found(fault['input'])}"


def _found(value: Any) -> str:
    if value is None:
        return "empty"
    text = repr(value)
    return text if len(text) <= 50 else text[:47] + "..."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _trail(data: Any, loc: tuple[str | int, ...]) -> Trail:
    """Keep of a fault's path what is in the file: unions and missing keys add parts."""
    trail: list[str | int] = []
    for part in loc:
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, tuple) and isinstance(part, int) and part < len(data)
        )
        if inside:
            data = data[part]
            trail.append(part)
    return tuple(trail)


def _unknown_key(document: Document, trail: Trail, root: Any) -> Problem:
    key = str(trail[-1])
    allowed = sorted({name for kind in _types(root, trail[:-1]) for name in _keys(kind)})
    close = difflib.get_close_matches(key, allowed, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    remedy = f"{hint}keys allowed here are {', '.join(allowed)}"
    return document.problem(trail, f"the key {key!r} is not known here", remedy, key=True)


def _keys(kind: Any) -> list[str]:
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    hidden = {"id", "family", "file"} if kind.__name__ == "Loss" else set()
    return [field.alias or name for name, field in kind.model_fields.items() if name not in hidden]


def _types(kind: Any, trail: Trail) -> Iterator[Any]:
    """Walk a type along a path; a union goes on with each of its members."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        yield from _types(arguments[0], trail)
    elif origin in (typing.Union, types.UnionType):
        for member in arguments:
            yield from _types(member, trail)
    elif not trail:
        yield kind
    elif origin in (dict, tuple):
        yield from _types(arguments[1] if origin is dict else arguments[0], trail[1:])
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == trail[0]:
                yield from _types(field.annotation, trail[1:])
