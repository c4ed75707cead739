"""Derivatives by the way back through a record agree with ball arithmetic, rule by rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.numerics import IDEAL64, bounded
from conformance.numerics.backward import Traces
from conformance.numerics.language import Arrays
from conformance.numerics.traced import Path, Traced, plain, slopes
from conformance.oracle import derivatives, distances, evaluate, radii
from conformance.specs.models import Loss
from conformance.specs.program import compile_program

FORMULAS = {
    "add": "a + 3 + a",
    "subtract": "(a - b) - (2 - b) * b",
    "multiply": "a * b * a",
    "negate": "-a * b",
    "divide": "a / b + 1 / a",
    "power": "a ** 3 + b ** -2",
    "real_power": "exp(a / 9) ** b + (b * b + 1) ** 0.25",
    "exp": "exp(a - b)",
    "log": "log(a * a + 1)",
    "sqrt": "sqrt(a * a + b * b)",
    "abs": "abs(a) * b",
    "max": "max(a, b, 1)",
    "min": "min(a, b * b, 0.5)",
    "sum": "sum(a * x for x in row)",
    "prod": "prod(x + a for x in row)",
    "sorted": "sorted(row)[1] * a + sorted(row)[0]",
    "xlogy": "xlogy(b * b, a * a + 1)",
    "choose": "log(a) if a > 0 else b * b",
    "pick": "row[index] * b",
}
RULES = {"real_power": "power"}
ENTRIES = [("a", 0), ("b", 0), ("row", 0), ("row", 1), ("row", 2)]


def loss_of(formula: str) -> Loss:
    """A loss of two numbers, a row and an index."""
    real = {"shape": "*batch", "in": "real"}
    return Loss.model_validate(
        {
            "id": "made", "family": "tests", "file": "made.yaml", "latex": "x",
            "summary": "A formula under test.", "sources": ({"key": "higham2002"},),
            "inputs": {
                "a": real, "b": real, "row": {**real, "shape": "*batch classes"},
                "index": {"shape": "*batch", "kind": "class_index", "in": "[0, classes)"},
            },
            "formula": {"loss": formula}, "reductions": {"none": {}},
            "examples": (
                {"id": "none", "given": {"a": 1, "b": 1, "row": (1, 1), "index": 0}, "loss": 1},
            ),
        }
    )  # fmt: skip


def inputs(count: int = 40) -> dict[str, Any]:
    random = np.random.default_rng(3)
    return {
        "a": random.normal(size=count) * 2,
        "b": random.normal(size=count) * 2,
        "row": random.normal(size=(count, 3)),
        "index": random.integers(0, 3, count),
    }


def slopes_off(formula: str, given: dict[str, Any]) -> bool:
    """Whether value or slopes lie further from the enclosures than their bounds say."""
    loss, arrays = loss_of(formula), Arrays(IDEAL64)
    variables = {
        (name, k): Traced(bounded(given[name][:, k] if name == "row" else given[name], IDEAL64))
        for name, k in ENTRIES
    }
    names = {
        "a": variables["a", 0], "b": variables["b", 0], "index": given["index"], "classes": 3,
        "row": [variables["row", k] for k in range(3)],
    }  # fmt: skip
    with np.errstate(all="ignore"):
        result = compile_program(loss).unreduced(names, Traces(arrays))
        found = slopes(result, variables, np.ones(len(given["a"])), arrays)
    off = [_far(plain(result), evaluate(loss, given, {}, "none"))]
    truth = derivatives(loss, given, {}, "none")
    for (name, k), slope in found.items():
        off.append(_far(slope.value, truth[name][:, k] if name == "row" else truth[name]))
    return any(off)


def _far(found: Any, truth: Any) -> bool:
    whole = (
        found if hasattr(found, "bound") else bounded(np.broadcast_to(found, truth.shape), IDEAL64)
    )
    return bool(np.any(distances(truth, whole.value) > whole.bound + 2 * radii(truth) + 1e-320))


@pytest.mark.parametrize("rule", FORMULAS)
def test_every_rule_agrees_with_ball_arithmetic(rule):
    assert not slopes_off(FORMULAS[rule], inputs())


@pytest.mark.parametrize("formula", ["abs(a - b)", "max(a, b)", "min(b, a) * 2", "max(a - b, 0)"])
def test_at_a_kink_the_bound_reaches_every_slope(formula):
    given = inputs(4)
    given["b"] = given["a"]
    loss, arrays = loss_of(formula), Arrays(IDEAL64)
    names = {name: Traced(bounded(given[name], IDEAL64)) for name in ("a", "b")}
    result = compile_program(loss).unreduced({**names, "classes": 3}, Traces(arrays))
    truth = derivatives(loss, given, {}, "none")
    for name, slope in slopes(result, names, np.ones(4), arrays).items():
        low = slope.value.value - slope.value.bound
        high = slope.value.value + slope.value.bound
        for k in range(4):
            middle, radius = truth[name][k].midpoint, truth[name][k].radius
            assert low[k] <= middle - radius * 0.999
            assert high[k] >= middle + radius * 0.999


def test_nothing_flows_back_to_the_side_that_is_not_taken():
    given = {**inputs(3), "a": np.array([0.0, -1.0, 2.0])}
    variable = Traced(given["a"])
    made = compile_program(loss_of("log(a) if a > 0 else 0"))
    with np.errstate(all="ignore"):
        result = made.unreduced({"a": variable, "classes": 3}, Traces(Arrays()))
        slope = slopes(result, {"a": variable}, np.ones(3), Arrays())["a"]
    assert slope.value.tolist() == [0.0, 0.0, 0.5]
    assert slope.reached.tolist() == [False, False, True]


def _spoilt(rule: str) -> Any:
    """The rule with the first of its derivatives a thousandth too large, its value as it was."""
    honest = getattr(Traces, rule)

    def spoilt(self: Traces, *operands: Any) -> Any:
        made = honest(self, *operands)
        return [_off(each) for each in made] if isinstance(made, list) else _off(made)

    return spoilt


def _off(made: Any) -> Any:
    if not isinstance(made, Traced) or not made.paths:
        return made
    first, *others = made.paths
    wrong = Path(first.to, lambda slope: 1.001 * first.pull(slope), first.where)
    return Traced(made.value, (wrong, *others))


PLANTED = [
    rule
    for rule in FORMULAS
    if hasattr(Traces, RULES.get(rule, rule)) and rule not in ("choose", "negate")
]


@pytest.mark.parametrize("rule", PLANTED)
def test_a_wrong_derivative_of_one_function_is_caught(rule, monkeypatch):
    monkeypatch.setattr(Traces, RULES.get(rule, rule), _spoilt(RULES.get(rule, rule)))
    assert slopes_off(FORMULAS[rule], inputs())


@pytest.mark.parametrize("rule", ["__add__", "__sub__", "__mul__", "__neg__"])
def test_a_wrong_derivative_of_an_operator_is_caught(rule, monkeypatch):
    honest = getattr(Traced, rule)
    monkeypatch.setattr(Traced, rule, lambda *operands: _off(honest(*operands)))
    names = {"__add__": "add", "__sub__": "subtract", "__mul__": "multiply", "__neg__": "negate"}
    assert slopes_off(FORMULAS[names[rule]], inputs())


def test_a_side_not_taken_that_is_not_cut_off_is_caught(monkeypatch):
    def leaking(self: Traces, condition: Any, value: Any, then: Any, otherwise: Any) -> Traced:
        sides = [side for side in (then, otherwise) if isinstance(side, Traced)]
        return Traced(value, tuple(Path(side, lambda slope: slope) for side in sides))

    monkeypatch.setattr(Traces, "_either", leaking)
    assert slopes_off(FORMULAS["choose"], inputs())
