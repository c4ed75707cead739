"""A recipe: the few words and numbers that decide a case to the last bit, and its one-line text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

Tokens = tuple[tuple[str, str], ...]

#: The regime's place in the text of a case whose inputs stand in the text itself.
GIVEN = "given"

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TOKEN = re.compile(r"[A-Za-z0-9.+-]+")
_SHAPE = re.compile(r"scalar|[0-9]+(x[0-9]+)*c?")
_SEED = re.compile(r"s([0-9]+)")
_ELEMENT = re.compile(r"e([0-9]+)")
_FORM = "LOSS/DTYPE/REGIME/SHAPE/REDUCTION/PARAMETERS/sSEED, as in mse/float32/wide/17x3/mean/-/s5"


class CaseTextError(ValueError):
    """The text of a recipe or of a case cannot be read."""


@dataclass(frozen=True, order=True)
class Recipe:
    """What decides a case; `text()` writes it and `Recipe.parse` reads it back.

    `parameters` holds the parameters that the case states, each with a token that decides its
    value; a parameter that is not stated keeps its default. `classes` is None for a loss without a
    class axis. `element` keeps only the sample at that flat index of the batch.
    """

    loss: str
    dtype: str
    regime: str
    batch: tuple[int, ...]
    classes: int | None
    reduction: str
    parameters: Tokens
    seed: int
    element: int | None = None

    def text(self) -> str:
        """One line without blanks or characters that a shell would read: the classes end in `c`."""
        sizes = self.batch if self.classes is None else (*self.batch, self.classes)
        shape = shape_text(sizes) + ("" if self.classes is None else "c")
        tokens = ",".join(f"{name}={token}" for name, token in self.parameters) or "-"
        words = [self.loss, self.dtype, self.regime, shape, self.reduction, tokens, f"s{self.seed}"]
        return "/".join(words if self.element is None else [*words, f"e{self.element}"])

    @staticmethod
    def parse(text: str) -> Recipe:
        """Read a recipe's text; raises CaseTextError."""
        words = text.split("/")
        if len(words) not in (7, 8):
            raise unreadable(text, f"{len(words)} words between slashes", _FORM)
        loss, dtype, regime, shape, reduction, tokens, seed = words[:7]
        for word in (loss, dtype, regime, reduction):
            _match(_NAME, word, text, "a name in small letters")
        _match(_SHAPE, shape, text, "a shape such as 17x3, 17x3c or scalar")
        sizes = parse_shape(shape.rstrip("c"))
        has_classes = shape.endswith("c")
        return Recipe(
            loss=loss,
            dtype=dtype,
            regime=regime,
            batch=sizes[:-1] if has_classes else sizes,
            classes=sizes[-1] if has_classes else None,
            reduction=reduction,
            parameters=_parse_tokens(tokens, text),
            seed=int(_match(_SEED, seed, text, "a seed such as s5")[1]),
            element=_parse_element(words[7], text) if len(words) == 8 else None,
        )

    def whole(self) -> Recipe:
        """The recipe without `element`: the one that the values are drawn from."""
        return replace(self, element=None)


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape as 17x3; a shape without axes is `scalar`."""
    return "x".join(map(str, shape)) or "scalar"


def parse_shape(text: str) -> tuple[int, ...]:
    """Read what `shape_text` wrote."""
    return () if text == "scalar" else tuple(int(size) for size in text.split("x"))


def _parse_tokens(word: str, text: str) -> Tokens:
    if word == "-":
        return ()
    tokens = []
    for entry in word.split(","):
        name, _, token = entry.partition("=")
        _match(_NAME, name, text, "NAME=TOKEN entries, or - for none")
        _match(_TOKEN, token, text, "NAME=TOKEN entries, or - for none")
        tokens.append((name, token))
    return tuple(tokens)


def _parse_element(word: str, text: str) -> int:
    return int(_match(_ELEMENT, word, text, "an element such as e12")[1])


def _match(pattern: re.Pattern[str], word: str, text: str, right: str) -> re.Match[str]:
    found = pattern.fullmatch(word)
    if found is None:
        raise unreadable(text, repr(word), right)
    return found


def unreadable(text: str, found: str, right: str) -> CaseTextError:
    """The error that says what stands in a case's text and what should."""
    return CaseTextError(f"case {text!r}: cannot be read, found {found}; right would be {right}")
