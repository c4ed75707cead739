"""What a reduction divides by, computed from the spec's own expression."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.cases.sample import batch_of
from conformance.specs.models import Loss, SumOf
from conformance.specs.program import compile_program
from conformance.specs.vectorised import VECTORISED


def divisor(case: Case, loss: Loss, choices: Mapping[str, str]) -> float:
    """The divisor of the case's reduction; 1 where it divides by nothing.

    Where a target folds the last axis away, its mean divides by the losses that are left.
    """
    batch = batch_of(case.inputs, loss)
    rule = loss.reductions[case.reduction].divide_by
    if rule is None:
        return 1.0
    if rule == "rows":
        return float(batch[0])
    kept = choices.get("last-axis", "kept") == "kept"
    if isinstance(rule, SumOf) and kept:
        program = compile_program(loss, choices)
        with np.errstate(all="ignore"):
            share = program.divisors[case.reduction]
            scope = program.scope(names(case, loss), VECTORISED, share)
            shares = share.evaluate(scope, VECTORISED)
        return math.fsum(np.broadcast_to(shares, batch).reshape(-1).tolist())
    return float(math.prod(batch if kept else batch[:-1]))


def names(case: Case, loss: Loss) -> dict[str, Any]:
    """Inputs and parameters as the vectorised language takes them: a class axis is a list."""
    found: dict[str, Any] = {}
    for name, spec in loss.inputs.items():
        array = case.inputs[name]
        found[name] = _listed(array) if "classes" in spec.shape.split() else array
        if "classes" in spec.shape.split():
            found["classes"] = array.shape[-1]
    for name, parameter in loss.parameters.items():
        value = case.parameters.get(name, parameter.default)
        listed = parameter.shape == "classes" and value is not None
        found[name] = _listed(np.asarray(value)) if listed else value
    return found


def _listed(array: Any) -> list[Any]:
    return [array[..., k] for k in range(array.shape[-1])]
