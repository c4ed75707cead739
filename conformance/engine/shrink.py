"""Reduce a failing case: its recipe by Hypothesis, then the case to its single worst sample."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from conformance.cases.recipe import CaseTextError, Recipe
from conformance.engine.book import Fault
from conformance.engine.standard import sample_shape
from conformance.specs.models import Loss

Retry = Callable[[Recipe], Fault | None]
"""Run a recipe again; gives the fault of the property under reduction, if it shows."""

ATTEMPTS = 120
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
    smaller = _by_recipe(fault, recipe, retry, attempts)
    return _by_sample(smaller, loss, retry)


def _same(fault: Fault, other: Fault | None) -> bool:
    """Kind and input, and for an exception its class."""
    return other is not None and _nature(other) == _nature(fault)


def _nature(fault: Fault) -> tuple[str, str | None, str | None]:
    raised = (fault.actual or "").partition(":")[0] if fault.kind == "exception" else None
    return fault.kind, fault.input, raised


def _by_recipe(fault: Fault, recipe: Recipe, retry: Retry, attempts: int) -> Fault:
    shown: dict[Recipe, Fault] = {}

    def fails(candidate: Recipe) -> bool:
        found = retry(candidate)
        if found is None or not _same(fault, found):
            return False
        shown[candidate] = found
        return True

    try:
        quiet = settings(_QUIET, max_examples=attempts)
        return shown[find(simpler(recipe), fails, settings=quiet, random=random.Random(0))]
    except NoSuchExample:
        return fault


def simpler(recipe: Recipe) -> st.SearchStrategy[Recipe]:
    """Recipes between the plainest and this one: each part as it is, or simpler."""
    small = [(n,) for n in (1, 2, 3, 7)] if recipe.batch else []
    batches: list[tuple[int, ...]] = [*small, recipe.batch]
    fewer = [n for n in (2, 3) if recipe.classes is not None and n < recipe.classes]
    classes: list[int | None] = [*fewer, recipe.classes]
    keep = [st.sampled_from([None, pair]) for pair in recipe.parameters]

    def made(
        parameters: tuple[tuple[str, str] | None, ...],
        regime: str,
        reduction: str,
        count: int | None,
        batch: tuple[int, ...],
    ) -> Recipe:
        kept = tuple(pair for pair in parameters if pair is not None)
        return replace(
            recipe, batch=batch, classes=count, regime=regime, reduction=reduction, parameters=kept
        )

    return st.builds(
        made,
        st.tuples(*keep),
        st.sampled_from(["typical", recipe.regime]),
        st.sampled_from(["none", recipe.reduction]),
        st.sampled_from(classes),
        st.sampled_from(batches),  # last, as a single sample is cut out of it afterwards
    )


def _by_sample(fault: Fault, loss: Loss, retry: Retry) -> Fault:
    """Only the sample of the worst element, where the fault stays with it."""
    if fault.judged is None or fault.judged.worst is None:
        return fault
    batch = sample_shape(fault.case, loss)
    samples = 1
    for length in batch:
        samples *= length
    size = fault.judged.actual.size
    if samples <= 1 or size < samples:
        return fault
    element = fault.judged.worst * samples // size
    found = retry(replace(Recipe.parse(fault.case.id), element=element))
    return found if found is not None and _same(fault, found) else fault
