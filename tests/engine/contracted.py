"""What a target that keeps its contract makes of a call: a refusal, or the dtype that it computes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from conformance.cases.contract import MIXED
from conformance.engine.promotion import READINGS
from conformance.numerics.formats import FORMATS, round_to
from conformance.specs.models import Loss
from conformance.targets.call import Call


def contracted(call: Call, loss: Loss) -> Call | None:
    """The call as it is taken, in the dtype of its result; None where it is refused."""
    clause, key = clause_of(call, loss)
    contract = call.binding.contract
    word = None if contract is None or not clause else contract.word(clause, key)
    if word == "raises":
        return None
    if clause in MIXED:
        first, _, other = key.partition("+")
        reading = READINGS[word or "promoted"](first, other)
        inputs = dict(call.inputs)
        if reading.rounded is not None:
            form = FORMATS[reading.rounded]
            inputs = {
                name: round_to(array, form) if array.dtype.kind == "f" else array
                for name, array in inputs.items()
            }
        return replace(call, dtype=reading.result, inputs=inputs)
    whole = _integers(call, loss)
    return replace(call, gradient=tuple(name for name in call.gradient if name not in whole))


def clause_of(call: Call, loss: Loss) -> tuple[str, str]:
    """The clause of the contract that a call is about, and its key; empty for a usual call."""
    if call.python:
        scalar = all(call.inputs[name].ndim == 0 for name in call.python)
        clause = "python-number" if scalar else "python-list"
        return ("all-lists" if len(call.python) == len(call.inputs) else clause), call.dtype
    if set(call.gradient) & _integers(call, loss):
        return "integer-gradient", call.dtype
    for kind in call.dtypes.values():
        if "float" in kind:
            clause = "mixed-weight" if "weight" in call.dtypes else "mixed-floats"
            return clause, f"{call.dtype}+{kind}"
        if any(each.kind == "class_index" for each in loss.inputs.values()):
            return "index-dtype", kind
        return ("boolean-target" if kind == "bool" else "integer-target"), call.dtype
    return ("zero-dimensional" if _has_no_axes(call, loss) else ""), call.dtype


def _integers(call: Call, loss: Loss) -> set[str]:
    named = {name for name, each in loss.inputs.items() if each.kind == "class_index"}
    return named | {name for name, kind in call.dtypes.items() if "float" not in kind}


def _has_no_axes(call: Call, loss: Loss) -> bool:
    axes: Mapping[str, int] = {
        name: np.ndim(array) - ("classes" in loss.inputs[name].shape)
        for name, array in call.inputs.items()
    }
    return not any(axes.values())
