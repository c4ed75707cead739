"""On arrays a formula gives what it gives sample by sample."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.specs.errors import FormulaError
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.specs.program import compile_program
from conformance.specs.scalar import SCALAR
from conformance.specs.vectorised import VECTORISED

LOSSES = load_library().losses
BATCH, CLASSES = 7, 3
PARAMETERS = ({}, {"weight": True, "pos_weight": True, "label_smoothing": 0.25, "log_target": True})


def arguments(loss: Loss, given: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    """Inputs and parameters as arrays over the batch, a class axis as a list of them."""
    names: dict[str, Any] = {"classes": CLASSES}
    for name, item in loss.inputs.items():
        axis = CLASSES if item.shape.endswith("classes") else 1
        values = random.random((axis, BATCH))
        if item.domain().high == np.inf or name == "log_probabilities":
            values = -np.log(values) * (-1 if "log" in name else 1)
        if item.kind == "class_index":
            values = random.choice([0, 1, 2, -100], size=(1, BATCH))
        names[name] = list(values) if item.shape.endswith("classes") else values[0]
    for name, parameter in loss.parameters.items():
        names[name] = given.get(name, parameter.default)
        if parameter.shape is not None and name in given:
            shape = (CLASSES,) if parameter.shape == "classes" else (BATCH,)
            values = random.random(shape)
            names[name] = values.tolist() if parameter.shape == "classes" else values
    return names


def one(names: dict[str, Any], index: int) -> dict[str, Any]:
    def entry(value: Any) -> Any:
        if isinstance(value, list):
            return [entry(each) for each in value]
        return value[index].item() if isinstance(value, np.ndarray) else value

    return {name: entry(value) for name, value in names.items()}


@pytest.mark.parametrize("parameters", PARAMETERS, ids=["defaults", "parameters"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@settings(max_examples=20, deadline=None)  # a machine under load is not a failure
@given(seed=st.integers(0, 2**32 - 1))
def test_arrays_and_single_samples_agree_under_every_choice(
    loss: Loss, parameters: dict[str, Any], seed: int
) -> None:
    names = arguments(loss, parameters, np.random.default_rng(seed))
    for convention, entry in loss.conventions.items():
        for form in entry.choices:
            text = form.replace("(value)", "(-3)").replace("(slope)", "(1)")
            text = text.replace("(eps)", "(0.1)").replace("(least)", "(0.1)")
            program = compile_program(loss, {convention: text})
            with np.errstate(all="ignore"):
                together = np.broadcast_to(program.unreduced(names, VECTORISED), (BATCH,))
            apart = [program.unreduced(one(names, i), SCALAR) for i in range(BATCH)]
            np.testing.assert_allclose(together, apart, rtol=1e-12, atol=1e-13)


def test_an_index_outside_gives_nan_and_no_other_entry() -> None:
    found = VECTORISED.pick([np.array([1.0, 2.0, 3.0]), 5.0], np.array([0, -1, 1]))
    np.testing.assert_array_equal(found, [1.0, np.nan, 5.0])
    np.testing.assert_array_equal(VECTORISED.pick([], np.array([0, 1])), [np.nan, np.nan])


def test_a_single_index_outside_is_refused() -> None:
    with pytest.raises(FormulaError, match=r"^the index 2 is outside 0 to 1$"):
        VECTORISED.pick([1.0, 2.0], 2)


def test_a_choice_between_lists_is_made_entry_by_entry() -> None:
    condition = np.array([True, False])
    found = VECTORISED.choose(condition, lambda: [1.0, 2.0], lambda: [np.array([3.0, 4.0]), 5.0])
    np.testing.assert_array_equal(found, [[1.0, 4.0], [2.0, 5.0]])


def test_zero_times_a_logarithm_is_zero_whatever_the_logarithm() -> None:
    with np.errstate(all="ignore"):
        found = VECTORISED.xlogy(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, np.nan, 0.0, 1.0]))
    np.testing.assert_array_equal(found, [0.0, 0.0, -np.inf, 0.0])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (VECTORISED.both(np.array([True, False]), lambda: np.array([True, True])), [True, False]),
        (
            VECTORISED.either(np.array([True, False]), lambda: np.array([False, False])),
            [True, False],
        ),
        (VECTORISED.negate(np.array([True, False])), [False, True]),
        (VECTORISED.sorted([np.array([2.0, 1.0]), np.array([1.0, 3.0])]), [[1.0, 1.0], [2.0, 3.0]]),
        (VECTORISED.max([np.array([2.0, np.nan]), 1.0]), [2.0, np.nan]),
    ],
)
def test_operations_work_sample_by_sample(found: Any, expected: Any) -> None:
    np.testing.assert_array_equal(found, expected)
