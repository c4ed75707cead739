"""Choices of a convention, written as text: `exact`, `floor(-100)`; declared as `floor(value)`."""

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"([a-z][a-z0-9-]*)(?:\(([^()]+)\))?")


@dataclass(frozen=True)
class Choice:
    """One answer to a convention's question, with its number where it takes one."""

    name: str
    argument: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Choice":
        """Read a choice such as `clip(1e-7)`; raises ValueError."""
        name, argument = _parts(text)
        if argument is None:
            return cls(name)
        try:
            return cls(name, float(argument))
        except ValueError:
            raise ValueError(
                f"the choice {text!r} has the argument {argument!r}; write a number"
            ) from None


@dataclass(frozen=True)
class ChoiceForm:
    """How a choice is declared: its name and what its argument is called."""

    name: str
    argument: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ChoiceForm":
        """Read a form such as `clip(eps)`; raises ValueError."""
        name, argument = _parts(text)
        if argument is not None and not argument.isidentifier():
            raise ValueError(f"the choice {text!r} names no argument; write it like clip(eps)")
        return cls(name, argument)

    def fits(self, choice: Choice) -> bool:
        """Say whether a choice is one of this form."""
        return self.name == choice.name and (self.argument is None) == (choice.argument is None)


def _parts(text: str) -> tuple[str, str | None]:
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no choice; write a name in lower case, or name(number)")
    return match[1], match[2].strip() if match[2] else None
