from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from conformance.cases.given import LIMIT, explicit, number_text, parse_given
from conformance.cases.recipe import CaseTextError

SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3).filter(
    lambda shape: np.prod(shape) <= 4
)
FLOATS = SHAPES.flatmap(lambda shape: npst.arrays(np.float64, shape))
INDICES = SHAPES.flatmap(
    lambda shape: npst.arrays(np.int64, shape, elements=st.integers(-200, 1000))
)
SCALARS = st.none() | st.booleans() | st.integers(-300, 300) | st.floats(allow_nan=False)


@given(
    inputs=st.fixed_dictionaries({"logits": FLOATS, "target": FLOATS | INDICES}),
    parameters=st.dictionaries(
        st.sampled_from(["weight", "nan", "inf"]), SCALARS | FLOATS, max_size=2
    ),
    reduction=st.sampled_from(["none", "mean"]),
    conventions=st.sampled_from([{}, {"log-of-zero": "clip(1e-7)", "empty-mean": "zero"}]),
    cotangent=st.none() | FLOATS,
)
def test_a_case_is_read_back_from_its_text(inputs, parameters, reduction, conventions, cotangent):
    case = explicit(
        "a_loss",
        "float64",
        inputs,
        parameters,
        reduction,
        conventions=conventions,
        cotangent=cotangent,
    )
    numbers = [*inputs.values(), *parameters.values(), cotangent]
    assume(sum(array.size for array in numbers if isinstance(array, np.ndarray)) <= LIMIT)
    again = parse_given(case.id)
    assert again.id == case.id
    assert again.digest() == case.digest()
    assert {name: array.dtype for name, array in again.inputs.items()} == {
        name: array.dtype for name, array in inputs.items()
    }
    for name, value in parameters.items():
        assert type(again.parameters[name]) is type(value)


def test_the_text_is_readable():
    case = explicit(
        "mse",
        "float32",
        {"prediction": np.array([3.0]), "target": np.array([1.0])},
        {},
        "none",
    )
    assert case.id == "mse/float32/given/prediction=0x1.8p+1,target=0x1p+0/none"


def test_shapes_parameters_conventions_and_the_cotangent_stand_in_the_text():
    case = explicit(
        "nll",
        "float32",
        {"log_probabilities": np.array([[-1.0, -0.5]]), "target": np.array([1])},
        {"weight": np.array([1.0, 0.0]), "ignore_index": 0, "flag": True},
        "mean",
        conventions={"empty-mean": "zero"},
        cotangent=np.array(-2.0),
    )
    assert case.id == (
        "nll/float32/given/log_probabilities.1x2=-0x1p+0,-0x1p-1,target=1/mean/"
        "weight.2=0x1p+0,0x0p+0,ignore_index=0,flag=true/with:empty-mean=zero/"
        "along:cotangent.scalar=-0x1p+1"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0x1.999999999999ap-4"),
        (-0.0, "-0x0p+0"),
        (1024.0, "0x1p+10"),
        (5e-324, "0x0.0000000000001p-1022"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
        (7, "7"),
    ],
)
def test_numbers_are_written_exactly_and_without_idle_zeros(number, text):
    assert number_text(number) == text


def test_many_numbers_leave_a_digest_which_cannot_be_replayed():
    case = explicit("mse", "float32", {"prediction": np.zeros(40)}, {}, "none")
    assert case.id.startswith("mse/float32/given/sha256-")
    with pytest.raises(CaseTextError, match="a digest in place of the inputs"):
        parse_given(case.id)


def test_the_case_keeps_its_own_copy():
    mine = np.array([1.0])
    case = explicit("mse", "float32", {"prediction": mine}, {}, "none")
    mine[0] = 2.0
    assert case.inputs["prediction"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mse/float32/given/prediction=0x1p+0", "4 words between slashes"),
        ("mse/float32/given/prediction/none", "'prediction'"),
        ("mse/float32/given/prediction=0xz/none", "'0xz'"),
        ("mse/float32/given/prediction=one/none", "'one'"),
        ("mse/float32/given/prediction.2x2=0x1p+0/none", "1 numbers for the shape 2x2"),
    ],
)
def test_a_text_that_is_no_case_is_refused(text, found):
    with pytest.raises(CaseTextError) as error:
        parse_given(text)
    assert f"cannot be read, found {found}; right would be" in str(error.value)
