from __future__ import annotations

import numpy as np
import pytest

from conformance.cases.given import explicit
from conformance.engine.divisor import divisor
from tests.engine.honest import LOSSES, case


def mean(loss: str, **given: object) -> float:
    choices = given.pop("choices", {})
    inputs = {name: value for name, value in given.items() if name in LOSSES[loss].inputs}
    parameters = {name: value for name, value in given.items() if name not in inputs}
    asked = explicit(loss, "float32", inputs, parameters, "mean")  # type: ignore[arg-type]
    return divisor(asked, LOSSES[loss], LOSSES[loss].choices(choices))  # type: ignore[arg-type]


ROWS = {"log_probabilities": -np.ones((4, 3)), "target": np.array([0, 1, 2, 2])}
WEIGHT = np.array([1.0, 2.0, 4.0])


def test_a_mean_divides_by_the_number_of_losses() -> None:
    assert mean("mse", prediction=np.ones((3, 5)), target=np.ones((3, 5))) == 15.0


def test_a_weighted_mean_divides_by_the_weights_of_the_targets() -> None:
    assert mean("nll", **ROWS, weight=WEIGHT) == 1 + 2 + 4 + 4


def test_a_weighted_mean_by_count_does_not() -> None:
    assert mean("nll", **ROWS, weight=WEIGHT, choices={"weighted-mean": "by-count"}) == 4.0


def test_ignored_targets_do_not_count() -> None:
    assert mean("nll", **ROWS, ignore_index=2) == 2.0


def test_a_batch_mean_divides_by_the_rows() -> None:
    asked = case("kl_divergence/float32/typical/3x5/batchmean/-/s1")
    loss = LOSSES["kl_divergence"]
    assert divisor(asked, loss, loss.choices({})) == 3.0


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_what_is_not_divided_has_the_divisor_one(reduction: str) -> None:
    asked = case(f"mse/float32/typical/3x5/{reduction}/-/s1")
    assert divisor(asked, LOSSES["mse"], LOSSES["mse"].choices({})) == 1.0


def test_a_last_axis_that_is_folded_away_is_not_counted() -> None:
    table = {"prediction": np.ones((3, 5)), "target": np.ones((3, 5))}
    assert mean("mse", **table, choices={"last-axis": "mean"}) == 3.0


def test_a_mean_of_nothing_divides_by_zero() -> None:
    assert mean("mse", prediction=np.ones(0), target=np.ones(0)) == 0.0


def test_a_thousand_classes_cost_no_more_than_the_weights_of_their_targets() -> None:
    """The costs of all classes, in the same formula, would take more steps than are allowed."""
    asked = case("cross_entropy/float32/typical/3x1000c/mean/weight=ones/s1")
    loss = LOSSES["cross_entropy"]
    assert divisor(asked, loss, loss.choices({})) == 3.0
