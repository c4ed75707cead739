"""A spec, a binding and cases of the tests' own, so that nothing here leans on the suite's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conformance.specs.models import Loss
from conformance.targets.bindings import Binding

#: Callables for the workers of these tests, by path.
CALLABLES = Path(__file__).with_name("callables.py")


def loss(**changes: Any) -> Loss:
    """A squared error with a class-index input beside it, valid unless a change says otherwise."""
    given: dict[str, Any] = {
        "id": "squared",
        "family": "regression",
        "file": "squared.yaml",
        "summary": "Squared distance between prediction and target.",
        "sources": ({"key": "nobody"},),
        "inputs": {
            "prediction": {"shape": "*batch", "in": "real"},
            "target": {"shape": "*batch", "in": "real"},
        },
        "parameters": {
            "weight": {"shape": "*batch", "optional": True},
            "kind": {"kind": "integer", "default": 0},
        },
        "formula": {"loss": "(prediction - target) ** 2"},
        "latex": "x",
        "reductions": {"none": {}, "mean": {"divide_by": "size"}, "sum": {}},
        "examples": (
            {"id": "one", "given": {"prediction": (1.0,), "target": (0.0,)}, "loss": (1.0,)},
        ),
    }
    return Loss.model_validate({**given, **changes})


def class_loss() -> Loss:
    """A loss with a class axis and an ignored index."""
    return loss(
        id="picked",
        inputs={
            "logits": {"shape": "*batch classes", "in": "real"},
            "target": {
                "shape": "*batch",
                "kind": "class_index",
                "in": "[0, classes)",
                "or": "ignore_index",
            },
        },
        parameters={"ignore_index": {"kind": "integer", "default": -100}},
        formula={"loss": "logits[target]"},
    )


def binding(name: str = "squared", **changes: Any) -> Binding:
    """A binding of the squared error to a callable of the tests, by name."""
    given: dict[str, Any] = {
        "loss": "squared",
        "framework": "numpy",
        "call": f"{CALLABLES}:{name}",
        "inputs": {"prediction": 0, "target": 1},
        "parameters": {"weight": "weight", "kind": "kind"},
        "reductions": {"none": "none", "mean": "mean", "sum": "sum"},
    }
    return Binding.model_validate({**given, **changes})


@dataclass(frozen=True, eq=False)
class Given:
    """A case as a call needs it, with a cotangent of twos."""

    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reduction: str = "none"
    dtype: str = "float64"

    def cotangent_for(self, shape: tuple[int, ...]) -> Any:
        return np.full(shape, 2.0)


def case(count: int = 3, **changes: Any) -> Given:
    """Predictions 0, 1, 2 ... against targets of one."""
    inputs = {"prediction": np.arange(float(count)), "target": np.ones(count)}
    return Given(**{"inputs": inputs, **changes})
