"""A device without a framework: every operation rounded once, until somebody spoils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.engine.measurement.asking import Device
from conformance.engine.measurement.functions import FUNCTIONS
from conformance.engine.measurement.survey import Subject
from conformance.numerics.formats import FORMATS, Floats, round_to
from conformance.targets.call import Call
from conformance.targets.outcome import Outcome, Raised
from conformance.targets.profiles import Profile, profile_of
from conformance.targets.target import Target
from tests.engine.honest import stored

TORCH = Target("torch")
Spoil = Callable[[str, tuple[Floats, ...], Floats, str], Any]
"""Of a name, the arguments, the right answer and the dtype: the answer that is given."""


def honest(name: str, arguments: tuple[Floats, ...], answer: Floats, dtype: str) -> Any:
    return answer


@dataclass
class Pretended:
    """Answers as a worker does."""

    spoil: Spoil = honest
    refused: frozenset[str] = frozenset()
    facts: dict[str, Any] = field(default_factory=lambda: {"framework": "1.0", "device": "cpu"})

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        return [self._answer(call) for call in calls]

    def close(self) -> None: ...

    def _answer(self, call: Call) -> Outcome:
        name = call.path.rsplit(".", 1)[1]
        if name in self.refused:
            return Outcome(raised=Raised(("TypeError",), f"no {name} of {call.dtype}"))
        after = call.binding.reduction("none")
        answer = self._one(name, tuple(call.inputs.values()), call)
        if after is not None and after.after is not None:
            answer = self._one(after.after.rsplit(".", 1)[1], (answer,), call)
        return Outcome(value=stored(answer, call.dtype))

    def _one(self, name: str, arguments: tuple[Floats, ...], call: Call) -> Floats:
        with np.errstate(all="ignore"):
            exact = _operation(name, call.binding.constants)(*arguments)
            right = round_to(np.asarray(exact), FORMATS[call.dtype])
            return np.asarray(self.spoil(name, arguments, right, call.dtype))


def _operation(name: str, constants: Mapping[str, Any]) -> Callable[..., Any]:
    functions = {"pow": np.power, "div": np.divide, "multiply": np.multiply, "square": np.square}
    if name in ("mean", "sum"):
        axis = constants.get("dim")
        return lambda x: getattr(np, name)(x, axis=axis)
    return functions.get(name) or FUNCTIONS[name].double


def subject(
    spoil: Spoil = honest,
    declared: Profile | None = None,
    refused: frozenset[str] = frozenset(),
) -> Subject:
    """One that is held to the profile of torch on a CPU."""
    worker = Pretended(spoil, refused)
    return Subject(TORCH, Device("torch", worker), worker.facts, declared or profile_of(TORCH))
