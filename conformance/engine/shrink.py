"""Reduce a failing case: its recipe by Hypothesis, then to one sample, then to short numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.errors import NoSuchExample

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import CaseTextError, Recipe
from conformance.cases.sample import batch_of
from conformance.cases.shrinking import as_given, simpler, simpler_cases
from conformance.engine.book import Fault
from conformance.specs.models import Loss

Retry = Callable[[Case], Fault | None]
"""Ask for a case again; gives the fault of the property under reduction, if it shows."""

ATTEMPTS = 120
STEPS = 80
"""Cases with shorter numbers that are tried, once a single sample is left."""
_QUIET = settings(
    database=None,
    max_examples=ATTEMPTS,
    deadline=None,
    verbosity=Verbosity.quiet,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def shrunk(fault: Fault, loss: Loss, retry: Retry, attempts: int = ATTEMPTS) -> Fault:
    """The same kind of fault on the smallest case that still shows it; the fault itself otherwise."""
    try:
        recipe = Recipe.parse(fault.case.id)
    except CaseTextError:
        return fault  # written in a spec: small already
    smaller = _by_recipe(fault, recipe, loss, retry, attempts)
    return _by_number(_by_sample(smaller, loss, retry), loss, retry)


def shrunk_at(base: str, fault: Fault, loss: Loss, retry: Retry, attempts: int) -> Fault:
    """The same on the smallest case that others were made of; `base` is the text of theirs."""
    try:
        recipe = Recipe.parse(base)
    except CaseTextError:
        return fault
    return _by_recipe(fault, recipe, loss, retry, attempts)


def _same(fault: Fault, other: Fault | None) -> bool:
    """Kind and input, and for an exception its class."""
    return other is not None and _nature(other) == _nature(fault)


def _nature(fault: Fault) -> tuple[str, str | None, str | None]:
    raised = (fault.actual or "").partition(":")[0] if fault.kind == "exception" else None
    return fault.kind, fault.input, raised


def _by_recipe(fault: Fault, recipe: Recipe, loss: Loss, retry: Retry, attempts: int) -> Fault:
    """Each recipe is asked for once: Hypothesis gives up on a fault that comes and goes."""
    asked: dict[Recipe, Fault | None] = {}

    def fails(candidate: Recipe) -> bool:
        if candidate not in asked:
            found = _retried(candidate, loss, retry)
            asked[candidate] = found if _same(fault, found) else None
        return asked[candidate] is not None

    try:
        quiet = settings(_QUIET, max_examples=attempts)
        smallest = find(simpler(recipe, loss), fails, settings=quiet, random=random.Random(0))
    except NoSuchExample:
        return fault
    return asked[smallest] or fault


def _retried(recipe: Recipe, loss: Loss, retry: Retry) -> Fault | None:
    try:
        return retry(build(recipe, loss))
    except (ValueError, IndexError):  # the simpler parts do not go together
        return None


def _by_sample(fault: Fault, loss: Loss, retry: Retry) -> Fault:
    """Only the sample of the worst element, where the fault stays with it."""
    if fault.judged is None or fault.judged.worst is None:
        return fault
    samples = math.prod(batch_of(fault.case.inputs, loss))
    size = fault.judged.actual.size
    if samples <= 1 or size < samples:
        return fault
    element = fault.judged.worst * samples // size
    found = _retried(replace(Recipe.parse(fault.case.id), element=element), loss, retry)
    return found if found is not None and _same(fault, found) else fault


def _by_number(fault: Fault, loss: Loss, retry: Retry) -> Fault:
    """The same with its numbers in its id, and shorter ones where the fault stays."""
    given = as_given(fault.case)
    if given is fault.case:
        return fault
    smallest = retry(given)
    if smallest is None or not _same(fault, smallest):
        return fault
    steps, tried = iter(range(STEPS)), {given.id}
    while (found := _step(smallest, loss, retry, steps, tried)) is not None:
        smallest = found
    return smallest


def _step(
    fault: Fault, loss: Loss, retry: Retry, steps: Iterator[int], tried: set[str]
) -> Fault | None:
    """The first simpler neighbour that shows the same fault."""
    for case in simpler_cases(fault.case, loss):
        if case.id in tried:
            continue
        if next(steps, None) is None:
            return None
        tried.add(case.id)
        found = retry(case)
        if found is not None and _same(fault, found):
            return found
    return None
