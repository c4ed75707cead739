"""The choice of a convention as text: a name, or a name with a number, such as `floor(-100)`."""

import re
from typing import NamedTuple

_WRITTEN = re.compile(r"([a-z][a-z-]*)(?:\(([^()]+)\))?")


class Choice(NamedTuple):
    """The name of a choice and its number, NaN where it takes none."""

    name: str
    argument: float


def parse(text: str, *allowed: str) -> Choice:
    """Read a choice; `allowed` are its forms, `floor(value)` standing for any number.

    Raises ValueError for a text that is none of them.
    """
    forms = {form.partition("(")[0]: "(" in form for form in allowed}
    found = _WRITTEN.fullmatch(text)
    if found is None or forms.get(found[1]) is not (found[2] is not None):
        raise ValueError(f"choice: {text!r} is not known; write one of {', '.join(allowed)}")
    try:
        return Choice(found[1], float("nan" if found[2] is None else found[2]))
    except ValueError:
        raise ValueError(f"choice: {found[2]!r} in {text!r} is no number; write a float") from None
