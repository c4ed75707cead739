"""Ask a device for everything that a profile says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.engine.measurement.asking import Device, Unanswered
from conformance.engine.measurement.error import Errors, Habitat, errors_of
from conformance.engine.measurement.functions import FUNCTIONS, Function
from conformance.engine.measurement.habits import DENORMALS, FLUSH, Habit, habits_of
from conformance.engine.measurement.points import CHUNK, Points, points_of
from conformance.engine.measurement.truth import Truth, exactly, truth_of
from conformance.numerics.formats import FORMATS, Floats
from conformance.targets.profiles import Profile, Span
from conformance.targets.target import Target


@dataclass(frozen=True)
class Subject:
    """A target that is measured, and the profile that is declared for it (None: there is none)."""

    target: Target
    device: Device
    facts: Mapping[str, Any]
    declared: Profile | None

    def computes_in(self, dtype: str) -> str:
        """The format that a dtype is taken to be computed in."""
        if self.declared is not None:
            return self.declared.computes_in(dtype)
        return "float32" if FORMATS[dtype].bytes == 2 else dtype

    def habitat(self, dtype: str, habits: Sequence[Habit]) -> Habitat:
        """Formats, and what was found of subnormals."""
        found = {each.name: each.value is True for each in habits}
        compute = FORMATS[self.computes_in(dtype)]
        return Habitat(FORMATS[dtype], compute, found[FLUSH], found[DENORMALS])


@dataclass(frozen=True)
class Reading:
    """The largest error of a function in a dtype, and where it was.

    `ulp` counts units of `compute`, beyond what storing the result explains; `stored` those of the
    dtype. With a `span` only arguments in it count, else only those outside all spans.
    """

    function: str
    dtype: str
    compute: str
    ulp: float = 0.0
    stored: float = 0.0
    at: tuple[float, ...] = ()
    answer: float = 0.0
    truth: float = 0.0
    count: int = 0
    exhaustive: bool = False
    flushed: int = 0
    zeroed: int = 0
    span: Span | None = None
    absent: str | None = None


Finding = Reading | Habit


@dataclass(frozen=True)
class Plan:
    """What is measured: `count` arguments of each function in float32."""

    dtypes: tuple[str, ...]
    count: int
    seed: int

    def steps(self, subjects: int) -> int:
        """How many answers `survey` gives."""
        return subjects * len(self.dtypes) * (len(FUNCTIONS) + 1)


def survey(
    subjects: Sequence[Subject], plan: Plan
) -> Iterator[tuple[Subject, str, tuple[Finding, ...]]]:
    """Measure all subjects in each dtype; inputs and truth are made once for all of them.

    Gives the subject, what was measured, and what was found.
    """
    for dtype in plan.dtypes:
        form, habitats = FORMATS[dtype], []
        for each in subjects:
            habits = tuple(habits_of(each.device, dtype, plan.seed))
            habitats.append(each.habitat(dtype, habits))
            yield each, f"habits {dtype}", habits
        for function in FUNCTIONS.values():
            points = points_of(function, form, plan.count, plan.seed)
            truth = truth_of(function, points.arguments, form)
            for each, habitat in zip(subjects, habitats, strict=True):
                task = Task(function, points, truth, habitat)
                yield each, f"{function.name} {dtype}", _readings(each, task)


@dataclass(frozen=True)
class Task:
    """A function, where it is asked for, what is true there, and how the device treats it."""

    function: Function
    points: Points
    truth: Truth
    habitat: Habitat

    @property
    def dtype(self) -> str:
        return self.habitat.storage.name


def _readings(subject: Subject, task: Task) -> tuple[Reading, ...]:
    name, compute = task.function.name, task.habitat.compute.name
    points = task.points
    try:
        answers = _answers(subject.device, task)
    except Unanswered as error:
        return (Reading(name, task.dtype, compute, absent=str(error)),)
    errors = errors_of(points.arguments, task.truth, answers, task.habitat)
    spans = subject.declared.spans_of(name, compute) if subject.declared else ()
    first = points.arguments[0]
    inside = [(span.low <= first) & (first <= span.high) for span in spans]
    rest = ~np.logical_or.reduce(inside) if inside else np.ones(points.count, dtype=bool)
    parts = [(None, rest), *zip(spans, inside, strict=True)]
    return tuple(_largest(task, answers, errors, mask, span) for span, mask in parts if mask.any())


def _answers(device: Device, task: Task) -> Floats:
    """The answers, asked for in pieces of one size, the last filled up by the first arguments."""
    count = task.points.count
    size = min(count, CHUNK)
    pieces = -(-count // size)
    whole = [np.resize(each, pieces * size) for each in task.points.arguments]
    given = [
        tuple(each[place * size : (place + 1) * size] for each in whole) for place in range(pieces)
    ]
    return np.concatenate(device.ask_each(task.function.name, task.dtype, given))[:count]


def _largest(
    task: Task, answers: Floats, errors: Errors, mask: np.ndarray, span: Span | None
) -> Reading:
    """The worst place, at which the truth is computed again by ball arithmetic."""
    place = int(np.argmax(np.where(mask, errors.compute, -1.0)))
    at = tuple(float(each[place]) for each in task.points.arguments)
    true, most = exactly(task.function, at), float(errors.compute[place])
    if most > 0:
        here = tuple(np.array([each]) for each in at)
        most = float(errors_of(here, true, answers[place : place + 1], task.habitat).compute[0])
    return Reading(
        task.function.name,
        task.dtype,
        task.habitat.compute.name,
        ulp=most,
        stored=float(errors.stored[mask].max()),
        at=at if most > 0 else (),
        answer=float(answers[place]),
        truth=float(true.high[0]),
        count=int(mask.sum()),
        exhaustive=task.points.exhaustive,
        flushed=errors.flushed,
        zeroed=errors.zeroed,
        span=span,
    )
