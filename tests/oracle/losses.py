"""Small losses written for the tests of the oracle, so that they need no spec file."""

from __future__ import annotations

from conformance.specs.models import Loss

REAL = {"shape": "*batch", "in": "real"}
SCORES = {"shape": "*batch classes", "in": "real"}
INDEX = {"shape": "*batch", "kind": "class_index", "in": "[0, classes)"}
WEIGHT = {"shape": "*batch", "in": "[0, inf)", "optional": True}
REDUCTIONS = {
    "none": {},
    "sum": {},
    "mean": {"divide_by": "size"},
    "batchmean": {"divide_by": "rows"},
}
FOLDS = {"default": "kept", "choices": {"kept": {}, "mean": {}, "sum": {}}}


def loss_of(text, inputs, *, let=None, parameters=None, reductions=None, conventions=None) -> Loss:
    example = {"id": "none", "given": {}, "loss": 0.0}
    return Loss.model_validate(
        {
            "id": "sketch",
            "family": "sketches",
            "file": "sketch.yaml",
            "summary": "A loss made up for a test.",
            "sources": ({"key": "nowhere"},),
            "inputs": inputs,
            "parameters": parameters or {},
            "formula": {"let": let or {}, "loss": text},
            "latex": "x",
            "reductions": reductions or REDUCTIONS,
            "conventions": conventions or {},
            "examples": (example,),
        }
    )


def absolute(**more) -> Loss:
    return loss_of("abs(a - b)", {"a": REAL, "b": REAL}, **more)


def square(**more) -> Loss:
    return loss_of("(a - b)**2", {"a": REAL, "b": REAL}, **more)


def cross_entropy(**more) -> Loss:
    return loss_of(
        "log(sum(exp(x) for x in logits)) - logits[target]",
        {"logits": SCORES, "target": INDEX},
        **more,
    )
