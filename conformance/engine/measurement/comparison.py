"""What a profile declares, against what was measured: a row each, with a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from conformance.engine.measurement.functions import FUNCTIONS
from conformance.engine.measurement.habits import (
    ACCUMULATOR,
    DENORMALS,
    DIVISOR,
    FLUSH,
    Habit,
)
from conformance.engine.measurement.survey import Finding, Reading
from conformance.targets.profiles import Profile, holds_of

Verdict = Literal["within", "beyond", "slack", "undeclared", "n/a"]

SLACK = 0.2
"""Share of what is declared below which a measured error says that the declaration is slack."""
ROUNDED = 0.5
"""Ulp of a function that rounds correctly, as those are taken to that IEEE 754 lists."""


@dataclass(frozen=True)
class Row:
    """One fact; `declared` is None where there is no profile, `measured` where there was no answer."""

    what: str
    dtype: str
    declared: float | bool | str | None
    measured: float | bool | str | None
    unit: str
    verdict: Verdict
    text: str


def compared(findings: Iterable[Finding], declared: Profile | None) -> Iterator[Row]:
    """The rows of a subject; `beyond` says that the profile promises more than the device keeps."""
    for each in findings:
        yield _habit(each, declared) if isinstance(each, Habit) else _reading(each, declared)


def _reading(found: Reading, declared: Profile | None) -> Row:
    text = _where(found)
    measured: float = found.ulp
    unit, allowed = f"ulp of {found.compute}", None
    if declared is not None:
        accuracy = declared.accuracy_of(found.function, found.dtype)
        allowed = _allowed(found, declared)
        if accuracy.stored:
            allowed, measured, unit = accuracy.stored, found.stored, f"ulp of {found.dtype}"
    name = found.function if found.span is None else _name(found)
    if found.absent is not None:
        return Row(name, found.dtype, allowed, None, unit, "n/a", found.absent)
    hidden = found.compute != found.dtype and measured is found.ulp
    return Row(name, found.dtype, allowed, measured, unit, _judged(measured, allowed, hidden), text)


def _allowed(found: Reading, declared: Profile) -> float:
    if found.span is not None:
        return found.span.ulp
    table = next((each for name, each in declared.accuracy.items() if name == found.compute), {})
    unnamed = ROUNDED if FUNCTIONS[found.function].rounded else 1.0
    return table.get(found.function, unnamed)


def _judged(measured: float, allowed: float | None, hidden: bool) -> Verdict:
    """`hidden`: an error in registers that storing mostly hides may be small and says nothing then."""
    if allowed is None:
        return "undeclared"
    if measured > allowed:
        return "beyond"
    return "slack" if measured < SLACK * allowed and not hidden else "within"


def _name(found: Reading) -> str:
    assert found.span is not None
    return f"{found.function} in [{found.span.low:g}, {found.span.high:g}]"


def _where(found: Reading) -> str:
    inputs = "every number" if found.exhaustive else f"{found.count:,} inputs"
    worst = f", worst at {', '.join(f'{each:.9g}' for each in found.at)}" if found.at else ""
    notes = [f"{found.flushed:,} flushed"] if found.flushed else []
    notes += [f"{found.zeroed:,} read as zero"] if found.zeroed else []
    return f"{inputs}{worst}{''.join(f', {note}' for note in notes)}"


def _habit(found: Habit, declared: Profile | None) -> Row:
    said = None if declared is None else _declared(found, declared)
    if found.value is None:
        return Row(found.name, found.dtype, said, None, "", "n/a", found.text)
    verdict: Verdict = "within"
    if said is None:
        verdict = "undeclared"
    elif said != found.value:
        careless = found.value is True or found.value in ("any", "reciprocal", found.dtype)
        verdict = "beyond" if careless else "slack"
    return Row(found.name, found.dtype, said, found.value, "", verdict, found.text)


def _declared(found: Habit, declared: Profile) -> bool | str:
    if found.name == FLUSH:
        return holds_of(declared.flush_to_zero, found.dtype)
    if found.name == DENORMALS:
        return holds_of(declared.denormals_are_zero, found.dtype)
    if found.name == ACCUMULATOR:
        return declared.accumulates_in(found.dtype)
    return declared.constant_divisors if found.name == DIVISOR else declared.summation
