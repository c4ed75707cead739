"""One operation of a framework, called by its path through the protocol that losses are called by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.engine.measurement.functions import AXIS, path_of
from conformance.numerics.formats import Floats
from conformance.targets.bindings import Binding, ReductionBinding, Scalar
from conformance.targets.call import Call
from conformance.targets.driver import Answering
from conformance.targets.outcome import Outcome


class Unanswered(Exception):
    """A target does not perform the operation in this dtype; the message says what it said."""


@dataclass(frozen=True)
class Device:
    """A target's worker, and the backend whose operations it is asked for."""

    backend: str
    worker: Answering

    def ask(
        self,
        name: str,
        dtype: str,
        *arguments: Floats,
        constants: Mapping[str, Scalar] | None = None,
        after: str | None = None,
    ) -> Floats:
        """The answer as float64; `after` names what its result is given to. Raises Unanswered."""
        return self.ask_each(name, dtype, [arguments], constants=constants, after=after)[0]

    def ask_each(
        self,
        name: str,
        dtype: str,
        given: Sequence[tuple[Floats, ...]],
        *,
        constants: Mapping[str, Scalar] | None = None,
        after: str | None = None,
    ) -> list[Floats]:
        """The answers to several calls of one operation. Raises Unanswered."""
        then = None if after is None else path_of(self.backend, after)
        count = len(given[0])
        binding = Binding(
            loss="measured",
            framework=self.backend,
            call=path_of(self.backend, name),
            inputs={f"x{place}": place for place in range(count)},
            constants=dict(constants or {}),
            reductions={"none": ReductionBinding(after=then)},
            reduced_by=(),
        )
        calls = [
            Call(
                binding, "function", dtype,
                inputs={f"x{place}": each for place, each in enumerate(arguments)},
                parameters={}, reduction="none",
            )
            for arguments in given
        ]  # fmt: skip
        return [_answer(outcome, dtype) for outcome in self.worker.evaluate(calls)]

    def mean_of_rows(self, dtype: str, rows: Floats) -> Floats:
        """The means along the last axis."""
        axis = {AXIS.get(self.backend, "axis"): -1}
        return self.ask("mean", dtype, rows, constants=axis)


def _answer(outcome: Outcome, dtype: str) -> Floats:
    if outcome.death is not None:
        raise Unanswered(f"{outcome.death.kind}: {outcome.death.detail}")
    if outcome.value is None:
        raise Unanswered(str(outcome.raised))
    if outcome.value.dtype != dtype:
        raise Unanswered(f"the answer is of dtype {outcome.value.dtype}")
    return np.asarray(outcome.value.values, dtype=np.float64)
