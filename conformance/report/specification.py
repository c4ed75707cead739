"""The spec card of a loss: what it is, and where each framework makes its own choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report import wording
from conformance.results.manifest import Algorithm, Loss, Parameter, Target


@dataclass(frozen=True)
class Choice:
    """What one target does at a convention; `own` where it is not the spec's default."""

    text: str
    own: bool


@dataclass(frozen=True)
class Convention:
    id: str
    question: str
    choices: tuple[tuple[str, str], ...]
    default: str
    made: tuple[Choice, ...]


@dataclass(frozen=True)
class Field:
    """A row of the card: an input or a parameter."""

    name: str
    shape: str
    domain: str
    default: str


def fields(loss: Loss) -> tuple[Field, ...]:
    """Inputs, then parameters, then the reductions, as rows of one table."""
    inputs = [
        Field(name, _shape(entry.shape), _domain(entry.kind, entry.interval), "required")
        for name, entry in loss.inputs.items()
    ]
    parameters = [_parameter(name, entry) for name, entry in loss.parameters.items()]
    return (*inputs, *parameters)


def reductions(loss: Loss) -> tuple[tuple[str, str], ...]:
    """Each reduction and, in words, what it does to the losses."""
    return tuple((name, _division(name, by)) for name, by in loss.reductions.items())


def conventions(id: str, loss: Loss, targets: Sequence[Target]) -> tuple[Convention, ...]:
    """Each convention with the choice of every target, in the order given."""
    return tuple(
        Convention(
            id=name,
            question=entry.question,
            choices=tuple(entry.choices.items()),
            default=entry.default,
            made=tuple(_made(target, id, name, entry.default) for target in targets),
        )
        for name, entry in loss.conventions.items()
    )


def algorithms(id: str, targets: Iterable[Target]) -> tuple[str, ...]:
    """What each target is registered as computing: value, gradient and where it rounds, by line."""
    found = [target.algorithms.get(id) for target in targets]
    return tuple(_lines(entry) if entry else "–" for entry in found) if any(found) else ()


def _lines(entry: Algorithm) -> str:
    parts = (entry.value, entry.gradient, entry.rounding)
    return "\n".join(part.replace("_", " ") or "–" for part in parts)


def _parameter(name: str, entry: Parameter) -> Field:
    default = "not given" if entry.default is None else wording.value(entry.default)
    shape = _shape(entry.shape) if entry.shape else "scalar"
    return Field(name, shape, _domain(entry.kind, entry.interval or ""), default)


def _shape(text: str) -> str:
    return f"({', '.join(text.split())})" if text else "scalar"


def _domain(kind: str, interval: str) -> str:
    words = {"real": "", "class_index": "class index", "integer": "integer", "boolean": "boolean"}
    parts = [words.get(kind, kind), "" if interval == "real" else interval]
    return " ".join(part for part in parts if part) or "real"


def _division(name: str, by: str | None) -> str:
    if by is None:
        return "every loss by itself" if name == "none" else "the sum of the losses"
    words = {"size": "the number of losses", "rows": "the number of rows"}
    return f"the sum divided by {words.get(by, by)}"


def _made(target: Target, loss: str, convention: str, default: str) -> Choice:
    text = target.conventions.get(loss, {}).get(convention, "")
    return Choice(text, bool(text) and text != default)
