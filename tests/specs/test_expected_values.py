"""Every number in the specs, recomputed in decimals of high precision, apart from the oracle.

Numbers in the files are decimals and mean exactly what they say; an expected value is the true one,
rounded to a double.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.specs.case import Example
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.specs.values import entries, resolve
from tests.specs.decimals import DOUBLE, Batch, precise

LIBRARY = load_library()

#: What the digits computed with leave open in a difference quotient.
QUOTIENT = 1e-90
WRITTEN_ARGUMENTS = {
    "floor(value)": "floor(-100)",
    "floor(least)": "floor(1e-12)",
    "clip(eps)": "clip(1e-7)",
    "value(slope)": "value(1)",
}


@pytest.fixture(autouse=True)
def _many_digits() -> Iterator[None]:
    with precise(460):  # beside the largest double, a step of 1e-120 needs 430 digits
        yield


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(loss, case, id=f"{loss.id}/{case.id}")
        for loss in LIBRARY.losses.values()
        for case in getattr(loss, kind)
    ]


def changes(loss: Loss, together: int = 1) -> Iterator[dict[str, str]]:
    """The norm's choices, then every other choice, so many conventions changed together.

    Another last axis and a shifted logarithm change values everywhere, not at the edges alone; the
    specs state those where that teaches something.
    """
    others = [
        (name, text)
        for name, convention in loss.conventions.items()
        for text in (WRITTEN_ARGUMENTS.get(form, form) for form in convention.choices)
        if name != "last-axis" and not text.startswith("shift") and text != convention.default
    ]
    yield loss.choices()
    for count in range(1, together + 1):
        for chosen in itertools.combinations(others, count):
            if len({name for name, _ in chosen}) == count:
                yield loss.choices(dict(chosen))


def matches(actual: Any, expected: Any) -> bool:
    wanted = resolve(expected, DOUBLE)
    found = float(actual)
    return math.isnan(found) if math.isnan(wanted) else found == wanted


def wrong(actual: list[Any], expected: Any) -> list[str]:
    wanted = entries(expected)
    if len(actual) != len(wanted):
        return [f"{len(actual)} values for {len(wanted)}"]
    return [
        f"[{i}] is {float(a)!r}, the file says {w!r}"
        for i, (a, w) in enumerate(zip(actual, wanted, strict=True))
        if not matches(a, w)
    ]


EVERY_CASE = pytest.mark.parametrize(("loss", "case"), cases("examples") + cases("edge_cases"))


@EVERY_CASE
def test_losses_are_the_true_ones_under_all_choices_and_pairs_of_them(
    loss: Loss, case: Example
) -> None:
    for choices in changes(loss, together=2):
        assert not wrong(Batch(loss, case, choices).value(), case.expected(choices).loss), choices


@EVERY_CASE
def test_losses_stated_for_another_choice_are_the_true_ones(loss: Loss, case: Example) -> None:
    for name, texts in case.when.items():
        for text in texts:
            choices = loss.choices({name: text})
            expected = case.expected(choices).loss
            assert not wrong(Batch(loss, case, choices).value(), expected), text


@EVERY_CASE
def test_gradients_are_the_true_ones_under_all_choices(loss: Loss, case: Example) -> None:
    for choices in changes(loss):
        batch = Batch(loss, case, choices)
        if any(each.is_infinite() for name in loss.inputs for each in batch.values[name]):
            continue  # no quotient at an infinity: these are limits, to be checked by eye
        for name, expected in case.expected(choices).gradient.items():
            for index, wanted in enumerate(entries(expected)):
                low, high = batch.slopes(name, index)
                place = (choices, name, index)
                assert float(low) - QUOTIENT <= resolve(wanted, DOUBLE), place
                assert float(high) + QUOTIENT >= resolve(wanted, DOUBLE), place


def test_a_wrong_last_digit_is_caught() -> None:
    loss = LIBRARY.losses["cross_entropy"]
    value = Batch(loss, loss.examples[0], loss.choices()).value()
    assert not wrong(value, loss.examples[0].loss)
    assert wrong(value, math.nextafter(loss.examples[0].loss, 2.0))
    assert wrong(value, ())


def test_the_worked_examples_of_the_project_stand_in_the_specs() -> None:
    stated = {
        "l1": 0.2,
        "mse": 0.04,
        "nll": -3.0,
        "cross_entropy": 1.9076059644443804,
        "binary_cross_entropy": 0.5108256237659907,
        "binary_cross_entropy_with_logits": 0.5101242570970044,
    }
    for name, value in stated.items():
        first = LIBRARY.losses[name].examples[0]
        assert first.source is not None
        assert (first.source.key, first.given.reduction) == ("seed-notebook", "mean")
        assert first.loss == value
    assert LIBRARY.losses["binary_cross_entropy"].examples[1].loss == 0.41493159961539705


def test_kl_divergence_has_examples_of_all_reductions_in_both_target_spaces() -> None:
    found = {
        (case.given.values.get("log_target", False), case.given.reduction)
        for case in LIBRARY.losses["kl_divergence"].examples
    }
    reductions = ("none", "sum", "mean", "batchmean")
    assert found == {(space, reduction) for space in (False, True) for reduction in reductions}
