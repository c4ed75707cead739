"""Asking a callable about one loss, harmlessly, and what of its refusals is to be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from conformance.cases.case import Case
from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cases.roles import has_classes
from conformance.engine.block import Side
from conformance.specs.models import Loss
from conformance.targets.bindings import Binding
from conformance.targets.call import Call, bind
from conformance.targets.outcome import Outcome

Batch = tuple[int, ...]

BATCHES: tuple[Batch, ...] = ((5,), (3, 5), (2, 3, 5), ())
WITNESSES: Mapping[int, Sequence[Batch]] = MappingProxyType(
    {
        0: (),
        1: ((4,), (64,)),
        2: ((2, 4), (8, 64)),
        3: ((2, 2, 4), (2, 4, 64)),
    }
)
"""Batches of other lengths, by the number of axes.

A kernel that takes whole blocks refuses a row of five: it offers rows, and fails at that one. None
has an axis of length one, which code for another number of axes may take by accident.
"""
FAULTS = frozenset(
    {"NameError", "ImportError", "RecursionError", "MemoryError", "ArithmeticError", "OSError"}
)
"""Exceptions, whatever derives from them, that tell of a fault: nobody raises them to refuse."""
_LONGEST = 160
CLASSES = 4
_SEED = 7


class Evaluator(Protocol):
    """Whatever performs calls: a worker's process, or this one."""

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]: ...


@dataclass(frozen=True)
class Probe:
    """Asks a callable about one loss; `takes_reduction` says that its signature has one.

    `defaults` are its arguments whose own default is not the spec's, which is always passed.
    """

    side: Side
    loss: Loss
    worker: Evaluator
    takes_reduction: bool
    defaults: tuple[str, ...] = ()

    def case(self, dtype: str, batch: Batch, reduction: str) -> Case:
        classes = CLASSES if has_classes(self.loss) else None
        held = self.side.bindings[self.loss.id].held
        stated = tuple((name, token_of(value)) for name, value in held.items())
        recipe = Recipe(
            self.loss.id, dtype, "typical", batch, classes, reduction, stated, _SEED
        )  # fmt: skip
        return build(recipe, self.loss)

    def ask(self, cases: Iterable[Case], binding: Binding) -> list[Outcome]:
        calls = [bind(each, binding, self.loss, gradient=()) for each in cases]
        return self.worker.evaluate([each for each in calls if isinstance(each, Call)])

    def refused(
        self, what: str, outcome: Outcome, binding: Binding, dtype: str, batch: Batch, name: str
    ) -> str:
        """Why nothing of the kind is offered; empty where something is: the run then shows the rest.

        `name` is the reduction. Batches of other lengths are asked before a refusal is believed.
        """
        if not _turned_down(outcome):
            return ""
        again = self.ask(
            (self.case(dtype, other, name) for other in WITNESSES[len(batch)]), binding
        )
        return "" if any(each.value is not None for each in again) else _refusal(what, outcome)

    def plain(self) -> str:
        """The reduction that is asked for where any will do."""
        return "none" if "none" in self.loss.reductions else next(iter(self.loss.reductions))


def token_of(value: object) -> str:
    """A parameter's value as a recipe states it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _turned_down(outcome: Outcome) -> bool:
    """Whether what was raised may be the callable's way to say that it does not offer this."""
    return outcome.raised is not None and not FAULTS.intersection(outcome.raised.names)


def _refusal(what: str, outcome: Outcome) -> str:
    """The reason for which nothing of the kind is asked."""
    said = str(outcome.raised).strip().splitlines()[0]
    return f"{what} is refused: {said[:_LONGEST]}"
