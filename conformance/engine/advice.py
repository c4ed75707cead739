"""Notes for the author of a callable: what its first answers show that no property asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.engine.practice import declared
from conformance.specs.models import Loss
from conformance.targets.bindings import Binding
from conformance.targets.outcome import Outcome

if TYPE_CHECKING:
    from conformance.engine.probe import Probe

_LONGEST = 160
_LAST_AXIS = "last-axis"


def own_defaults(
    probe: Probe, dtype: str, batch: tuple[int, ...], binding: Binding
) -> Iterator[str]:
    """Whether a call without what is always passed works at all: users leave it out."""
    for name in probe.defaults:
        left = {key: value for key, value in binding.constants.items() if key != name}
        plain = binding.model_copy(update={"constants": left})
        (outcome,) = probe.ask([probe.case(dtype, batch, probe.plain())], plain)
        if outcome.raised is not None:
            said = str(outcome.raised).strip().splitlines()[0][:_LONGEST]
            yield f"with {name} left at its own default it raises {said}"


def lost_axis(
    loss: Loss, binding: Binding, answers: Mapping[tuple[int, ...], Outcome]
) -> Iterator[str]:
    """Losses that have lost the last axis of their batch, where a convention could say so."""
    if _LAST_AXIS not in loss.conventions or declared(binding, loss)[_LAST_AXIS] != "kept":
        return
    for batch, outcome in answers.items():
        if len(batch) > 1 and outcome.value is not None and outcome.value.shape == batch[:-1]:
            yield (
                f"a batch of shape {batch} gave losses of shape {batch[:-1]}: where that is by "
                f"design, say --convention {_LAST_AXIS}=sum or --convention {_LAST_AXIS}=mean"
            )
            return
