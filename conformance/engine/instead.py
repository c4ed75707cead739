"""What a framework computes instead, where a known deviation says so: its answer is judged by that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.cases.case import Case
from conformance.engine.block import Block
from conformance.engine.book import Fault
from conformance.engine.directed import VALUE, Directed
from conformance.engine.judge import Held, Judgement, judge
from conformance.engine.row import FORWARD, SECOND_ORDER, tangents_of
from conformance.numerics.formats import FORMATS, Floats, round_to
from conformance.specs.models import ChoiceRule, Loss, LossConvention
from conformance.targets.known import Instead

_NAME, _SO = "instead", "so"
WHOLE = "loss"
"""What the loss itself is called beside its inputs."""


def matches(instead: Instead, fault: Fault, block: Block) -> NDArray[np.bool_]:
    """Element by element of what was judged, whether it is what is computed instead, within bounds."""
    assert fault.judged is not None
    loss = block.losses[fault.case.loss]
    case = _called(fault.case, loss, instead)
    if fault.property in (FORWARD, SECOND_ORDER):
        found = _moved(fault, block, case, instead)
    else:
        held = _with(block, _declared(loss, instead.gradient)).held(case)
        found = _plain(fault, fault.judged.actual, held)
    fits = np.ones(fault.judged.classes.shape, dtype=bool)
    fits[found.failed] = False
    return fits


def _with(block: Block, loss: Loss) -> Block:
    return replace(block, loss=loss, losses={**block.losses, loss.id: loss})


def _declared(loss: Loss, gradient: Mapping[str, str]) -> Loss:
    """The loss with its gradient declared, as by a choice that it makes."""
    if not gradient:
        return loss
    rule = LossConvention(default=_SO, choices={_SO: ChoiceRule(gradient=dict(gradient))})
    return loss.model_copy(update={"conventions": {**loss.conventions, _NAME: rule}})


def _called(case: Case, loss: Loss, instead: Instead) -> Case:
    """The case with other parameters, and with inputs rounded to its dtype."""
    parameters = {
        name: value for name, value in instead.parameters.items() if name in loss.parameters
    }
    form, inputs = FORMATS[case.dtype], dict(case.inputs)
    for name in instead.rounded:
        stored = round_to(inputs[name], form)
        inputs[name] = stored if loss.inputs[name].kind == "real" else stored.astype(np.int64)
    return replace(case, inputs=inputs, parameters={**case.parameters, **parameters})


def _plain(fault: Fault, actual: Floats, held: Held) -> Judgement:
    along, name = fault.call.cotangent, fault.input
    if name is None:
        return judge(actual, held.value(), held.form, held.value_limits_at)
    assert along is not None  # something was differentiated
    limits = held.gradient_limits_at(name, along)
    return judge(actual, held.gradients(along)[name], held.form, limits)


def _moved(fault: Fault, block: Block, case: Case, instead: Instead) -> Judgement:
    """Along the tangents, less those of the inputs that are held still; of the elements judged."""
    judged, name, along = fault.judged, fault.input or VALUE, fault.call.cotangent
    assert judged is not None
    assert along is not None
    tangents = tangents_of(fault.call, fault.case, block.loss)
    among = Directed(block.held(fault.case), tangents, along).decided(name)
    if (name or WHOLE) in instead.second:
        held = _slope(block, case, tangents, instead)
        expected = held.gradients(along)[name] if name else held.value()
        limits = held.gradient_limits_at(name, along) if name else held.value_limits_at
        return judge(
            judged.actual, expected.reshape(-1)[among], held.form, lambda at: limits(among[at])
        )
    directed = Directed(block.held(case), _stopped(tangents, instead), along)
    expected = directed.expected(name).reshape(-1)[among]
    return judge(judged.actual, expected, directed.held.form, directed.limits_at(name, among))


def _slope(block: Block, case: Case, tangents: Mapping[str, Floats], instead: Instead) -> Held:
    """A loss that has the directions for inputs, and is, or has for its gradient, how the true one
    moves."""
    moving = {f"d_{name}": each for name, each in tangents.items()}
    anything: dict[str, Any] = {"interval": "real", "interval_when": {}, "also": None}
    inputs = {f"d_{name}": block.loss.inputs[name].model_copy(update=anything) for name in tangents}
    slopes = {name: text for name, text in instead.second.items() if name != WHOLE}
    loss = _declared(block.loss, slopes)
    whole = loss.formula.model_copy(update={"loss": instead.second.get(WHOLE, loss.formula.loss)})
    loss = loss.model_copy(update={"inputs": {**loss.inputs, **inputs}, "formula": whole})
    return _with(block, loss).held(replace(case, inputs={**case.inputs, **moving}))


def _stopped(tangents: Mapping[str, Floats], instead: Instead) -> dict[str, Floats]:
    return {
        name: np.zeros(each.shape) if name in instead.still else each
        for name, each in tangents.items()
    }
