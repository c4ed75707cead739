"""The oracle is asked for a sample once, whatever call it comes in, and never confuses two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.engine import enclosed as subject
from conformance.engine.enclosed import enclosed
from conformance.engine.formula import Call
from conformance.oracle import VALUE, PrecisionError
from conformance.specs.library import load_library
from conformance.specs.models import Formula, Loss
from tests.engine.test_derived import HUBER, huber

LOSSES = load_library().losses


def call_of(loss: Loss, *inputs: Any, **keywords: Any) -> Call:
    return Call.of(loss, tuple(np.asarray(each) for each in inputs), keywords)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many samples the oracle was asked for, a question."""
    counts: list[int] = []
    own = oracle.value_and_derivatives

    def counted(loss: Loss, inputs: Any, *rest: Any) -> Any:
        counts.append(len(next(iter(inputs.values()))))
        return own(loss, inputs, *rest)

    monkeypatch.setattr(oracle, "value_and_derivatives", counted)
    return counts


def test_loss_and_slopes_are_those_that_the_oracle_gives_apart() -> None:
    loss = LOSSES["cross_entropy_probabilities"]
    logits = np.array([[1.0, -2.0, 0.5], [40.0, 3.0, -700.0]])
    shares = np.array([[0.2, 0.3, 0.5], [0.25, 0.25, 0.5]])
    call = call_of(loss, logits, shares, weight=np.array([1.0, 2.0, 0.5]))
    found = enclosed(call, np.arange(2))
    given = (loss, call.inputs, call.parameters, "none", call.choices)
    value, slopes = oracle.evaluate(*given), oracle.derivatives(*given)
    assert found[VALUE].value.ravel().tolist() == oracle.midpoints(value).tolist()
    assert found.keys() == {VALUE, *slopes}
    for name, each in slopes.items():
        assert found[name].value.tolist() == oracle.midpoints(each).tolist()
        assert (found[name].bound < 1e-13).all()


def test_a_sample_is_asked_once_in_whatever_order_and_company(asked: list[int]) -> None:
    loss = huber(formula=HUBER.formula)
    enclosed(call_of(loss, [1.0, 2.0, 3.0], [0.5, 0.5, 0.5], reduction="none"), np.arange(3))
    again = call_of(loss, [[3.0, 4.0], [2.0, 2.0]], [[0.5] * 2] * 2, reduction="mean")
    found = enclosed(again, np.array([0, 1, 2, 3]))
    assert asked == [3, 1]
    alone = [
        enclosed(call_of(huber(), x, 0.5), np.array([0]))[VALUE].value for x in (3.0, 4.0, 2.0)
    ]
    assert found[VALUE].value.ravel().tolist() == [float(alone[k].item()) for k in (0, 1, 2, 2)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"delta": 1.0}, {"delta": 2.0}),
        ({"weight": np.array([1.0, 2.0])}, {"weight": np.array([2.0, 1.0])}),
        ({"weight": None}, {"weight": np.array([3.0, 1.0])}),
    ],
)
def test_samples_under_other_parameters_are_others(
    asked: list[int], one: dict[str, Any], other: dict[str, Any]
) -> None:
    loss = huber() if "delta" in one else LOSSES["mse"].model_copy()
    first, second = (
        enclosed(call_of(loss, [9.0, 5.0], [0.5, 0.5], **given), np.arange(2))
        for given in (one, other)
    )
    assert asked == [2, 2]
    assert first[VALUE].value[0] != second[VALUE].value[0]


def test_another_loss_of_the_same_inputs_is_another_question() -> None:
    call = [2.0], [0.5]
    plain = enclosed(
        call_of(huber(formula=Formula(loss="prediction - target")), *call), np.array([0])
    )
    twice = enclosed(
        call_of(huber(formula=Formula(loss="2 * (prediction - target)")), *call), np.array([0])
    )
    assert (plain[VALUE].value.item(), twice[VALUE].value.item()) == (1.5, 3.0)


def test_a_loss_is_known_where_its_slopes_cannot_be_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def undecided(*given: Any) -> Any:
        raise PrecisionError("open")

    monkeypatch.setattr(oracle, "value_and_derivatives", undecided)
    found = enclosed(call_of(huber(), [9.0, 3.0], [0.5, 0.5]), np.arange(2))
    assert np.isfinite(found[VALUE].value).all()
    assert np.isnan(found["prediction"].value).all()
    assert found["prediction"].past.all()
    monkeypatch.setattr(oracle, "evaluate", undecided)
    assert np.isnan(enclosed(call_of(huber(), [9.0], [0.5]), np.array([0]))[VALUE].value).all()


def test_no_more_samples_are_remembered_than_are_allowed(
    asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST", 2)
    loss = huber()
    for x in (1.0, 2.0, 3.0, 3.0, 1.0):
        enclosed(call_of(loss, [x], [0.5]), np.array([0]))
    assert asked == [1, 1, 1, 1]  # the first was forgotten, the last not
