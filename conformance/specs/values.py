"""Numbers given and expected in a spec: nested rows, with words for the ends of a format."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

#: Words for numbers that depend on the float format; a leading minus is allowed.
WORDS = ("largest", "smallest_normal", "smallest_subnormal")

Nested = Any  # float | int | bool | None | word | tuple[Nested, ...]


def check(value: Any) -> Any:
    """Give a value back if it is a number, a word, or equal rows of them; raises ValueError."""
    shape(value)
    return value


def shape(value: Any) -> tuple[int, ...]:
    """Give the shape of nested rows, () of a single number; raises ValueError where rows differ."""
    if not isinstance(value, tuple):
        _check_entry(value)
        return ()
    shapes = {shape(entry) for entry in value}
    if len(shapes) > 1:
        raise ValueError(f"rows have the shapes {sorted(shapes)}; make them equal")
    return (len(value), *(shapes.pop() if shapes else ()))


def _check_entry(value: Any) -> None:
    if isinstance(value, str) and value.removeprefix("-") not in WORDS:
        raise ValueError(f"the word {value!r} is no number; words are {', '.join(WORDS)}")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError(f"{type(value).__name__} is no number; write numbers, words or rows")


def entries(value: Any) -> list[Any]:
    """Give the single numbers of nested rows, in order."""
    if not isinstance(value, tuple):
        return [value]
    return [entry for row in value for entry in entries(row)]


def resolve(value: Any, words: Mapping[str, float]) -> Any:
    """Replace words by the numbers of a format, which gives a float for each word."""
    if isinstance(value, tuple):
        return tuple(resolve(entry, words) for entry in value)
    if isinstance(value, str):
        number = words[value.removeprefix("-")]
        return -number if value.startswith("-") else number
    return value


Value = Annotated[
    Any,
    AfterValidator(check),
    WithJsonSchema({"anyOf": [{"type": ["number", "string", "boolean", "null", "array"]}]}),
]
