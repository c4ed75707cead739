"""A profile made of what was measured, as the YAML that declares one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.engine.measurement.functions import FUNCTIONS
from conformance.engine.measurement.habits import (
    ACCUMULATOR,
    DENORMALS,
    DIVISOR,
    FLUSH,
    SUMMATION,
    Habit,
)
from conformance.engine.measurement.survey import Finding, Reading, Subject
from conformance.numerics.formats import FORMATS

HEADROOM = 1.05
"""A sample's largest error is not the largest there is: it is raised by this, to the next half ulp."""
WIDTH = 118


def declared_ulp(measured: float, exhaustive: bool) -> float:
    """What a profile says of a largest error that was measured."""
    if not math.isfinite(measured):
        return math.inf
    if exhaustive:
        return math.ceil(100.0 * measured) / 100.0
    return max(math.ceil(2.0 * HEADROOM * measured) / 2.0, 0.5)


def portrait(subject: Subject, findings: Sequence[Finding], source: str, date: str) -> str:
    """The profile as YAML: facts with `source` (versions and processor) and `date`."""
    readings = [each for each in findings if isinstance(each, Reading) and each.absent is None]
    habits = [each for each in findings if isinstance(each, Habit) and each.value is not None]
    dtypes = list(dict.fromkeys(each.dtype for each in findings))
    compute = {
        name: subject.computes_in(name) for name in dtypes if name != subject.computes_in(name)
    }
    values = {(each.name, each.dtype): each.value for each in habits}
    narrow = {name: values[ACCUMULATOR, name] for name in dtypes if (ACCUMULATOR, name) in values}
    accuracy = _accuracy(readings)
    lines = [
        f"# Arithmetic of {subject.target.label}, measured. Facts with source and date; no tolerances.",
        f"compute: {_flow(compute)}",
        f"accumulator: {_flow(narrow)}",
        f"flush_to_zero: {_flow([name for name in dtypes if values.get((FLUSH, name))])}",
        f"denormals_are_zero: {_flow([name for name in dtypes if values.get((DENORMALS, name))])}",
        f"summation: {_worst(habits, SUMMATION, 'any', 'blocked')}",
        f"constant_divisors: {_worst(habits, DIVISOR, 'reciprocal', 'divided')}",
        "accuracy:                                            # ulp of the compute dtype",
        *(f"  {name}: {_flow(table)}" for name, table in accuracy.items()),
        *_stored(readings, accuracy),
        *_spans(readings),
        "facts:",
        *(line for what in _facts(readings, habits) for line in _fact(what, source, date)),
    ]
    return "\n".join(lines) + "\n"


def _worst(habits: Iterable[Habit], name: str, bad: str, good: str) -> str:
    return bad if any(each.value == bad for each in habits if each.name == name) else good


def _accuracy(readings: Iterable[Reading]) -> dict[str, dict[str, float]]:
    """By compute dtype: of a function that IEEE 754 wants rounded only what is not."""
    found: dict[str, dict[str, float]] = {}
    for each in readings:
        if each.dtype != each.compute or each.span is not None:
            continue
        ulp = declared_ulp(each.ulp, each.exhaustive)
        table = found.setdefault(each.compute, {})
        if not FUNCTIONS[each.function].rounded or each.ulp > 0.5:
            table[each.function] = ulp
    return found


def _stored(readings: Iterable[Reading], accuracy: Mapping[str, Mapping[str, float]]) -> list[str]:
    """16-bit functions that are farther off than their registers' format explains."""
    found: dict[str, dict[str, float]] = {}
    for each in readings:
        if each.dtype == each.compute or each.compute not in accuracy:
            continue
        unnamed = 0.5 if FUNCTIONS[each.function].rounded else 1.0
        if each.ulp > accuracy[each.compute].get(each.function, unnamed):
            found.setdefault(each.dtype, {})[each.function] = declared_ulp(
                each.stored, each.exhaustive
            )
    if not found:
        return []
    return [
        "stored:                                              # ulp of the storage dtype",
        *(f"  {name}: {_flow(table)}" for name, table in found.items()),
    ]


def _spans(readings: Iterable[Reading]) -> list[str]:
    found = [each for each in readings if each.span is not None]
    lines = [
        f"  - {{function: {each.function}, dtype: {each.dtype}, low: {each.span.low!r}, "
        f"high: {each.span.high!r}, ulp: {_number(declared_ulp(each.ulp, each.exhaustive))}}}"
        for each in found
        if each.span is not None
    ]
    return ["spans:", *lines] if lines else []


def _facts(readings: Sequence[Reading], habits: Sequence[Habit]) -> Iterable[str]:
    """A sentence a dtype for the functions, one for each habit."""
    for dtype in dict.fromkeys(each.dtype for each in readings):
        here = [each for each in readings if each.dtype == dtype]
        whole = [each for each in here if each.exhaustive]
        count = min((x.count for x in here if not x.exhaustive and x.span is None), default=0)
        inputs = (
            "of all inputs"
            if len(whole) > len(here) / 2
            else f"on {count:,} or more stratified inputs"
        )
        own = FORMATS[here[0].compute] is FORMATS[dtype]
        told = ", ".join(
            f"{_label(each)} {each.ulp if own else each.stored:.2f}{_place(each)}" for each in here
        )
        yield f"measured largest errors, {dtype}, {inputs}, in ulp of {dtype}: {told}"
    alike: dict[tuple[str, str], list[str]] = {}
    for habit in habits:
        alike.setdefault((habit.name, habit.text), []).append(habit.dtype)
    for (name, text), dtypes in alike.items():
        yield f"{name.replace('_', ' ')} ({', '.join(dtypes)}): {text}"


def _label(each: Reading) -> str:
    return (
        each.function
        if each.span is None
        else f"{each.function} in [{each.span.low:g}, {each.span.high:g}]"
    )


def _place(each: Reading) -> str:
    return f" (at {each.at[0]:.4g})" if len(each.at) == 1 and each.ulp > 1.0 else ""


def _fact(what: str, source: str, date: str) -> list[str]:
    lines, line = [], "     "
    for word in what.split():
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = "     "
        line += f" {word}"
    return ["  - what: >-", *lines, line, f"    source: {_quoted(source)}", f"    date: {date}"]


def _quoted(text: str) -> str:
    return json.dumps(text) if any(mark in text for mark in ":#'\"") else text


def _flow(value: Mapping[str, Any] | Sequence[str]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_number(each)}" for name, each in value.items()) + "}"
    return "[" + ", ".join(value) + "]" if value else "false"


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return ".inf" if math.isinf(value) else f"{value:.10g}" if value % 1 else f"{value:.1f}"
