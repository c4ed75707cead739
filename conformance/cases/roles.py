"""What an input of a loss is to the generator: its role, and the regimes that mean something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from conformance.cases.regimes import REGIMES
from conformance.specs.models import Loss

CLASSES = "*batch classes"


class Role(Enum):
    """The kinds of input that are drawn in ways of their own."""

    REAL = "any real number"
    PROBABILITY = "a number in [0, 1]"
    DISTRIBUTION = "rows of numbers in [0, 1] over the classes"
    MASS = "a probability beside log-probabilities, its rows over the last axis"
    LOG_PROBABILITY = "the logarithm of a probability"
    CLASS_INDEX = "an integer in [0, classes)"
    INTERVAL = "a number in some other interval"


def role_of(loss: Loss, name: str, parameters: Mapping[str, Any]) -> Role:
    """The role of an input by its domain, shape and name; parameters may change the domain."""
    given = loss.inputs[name]
    if given.kind == "class_index":
        return Role.CLASS_INDEX
    if name.startswith("log_") or parameters.get(f"log_{name}") is True:
        return Role.LOG_PROBABILITY
    domain = given.domain(dict(parameters))
    if domain.low == 0.0 and any(other.startswith("log_") for other in loss.inputs):
        return Role.MASS
    if domain.low == 0.0 and domain.high == 1.0:
        return Role.DISTRIBUTION if given.shape == CLASSES else Role.PROBABILITY
    if math.isinf(domain.low) and domain.high == math.inf:
        return Role.REAL
    return Role.INTERVAL


def has_classes(loss: Loss) -> bool:
    """Whether some input of the loss has a class axis."""
    return any(given.shape == CLASSES for given in loss.inputs.values())


def regimes_of(loss: Loss) -> tuple[str, ...]:
    """The regimes that mean something for a loss, the simplest first."""
    roles = {role_of(loss, name, {}) for name in loss.inputs}
    traits = {""}
    if roles & {Role.PROBABILITY, Role.DISTRIBUTION, Role.MASS}:
        traits.add("mass")
    if roles & {Role.LOG_PROBABILITY, Role.DISTRIBUTION}:
        traits.add("rows")
    if any(is_unbounded(loss, name, {}) for name in loss.inputs):
        traits.add("unbounded")
    return tuple(name for name, regime in REGIMES.items() if regime.needs in traits)


def is_unbounded(loss: Loss, name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an input takes values without limit: only those hold infinities and NaN."""
    given = loss.inputs[name]
    if given.kind == "class_index":
        return False
    domain = given.domain(dict(parameters))
    return math.isinf(domain.low) or domain.high == math.inf
