from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from conformance.cases.generation import build
from conformance.cases.recipe import Recipe
from conformance.cases.regimes import NOT_FINITE
from conformance.cases.roles import is_unbounded, regimes_of
from conformance.numerics.formats import FORMATS, round_to
from tests.cases.losses import DTYPES, LOSSES, drawn

MANY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def case_of(text: str):
    recipe = Recipe.parse(text)
    return build(recipe, LOSSES[recipe.loss])


def floats(case):
    arrays = [*case.inputs.values(), *case.parameters.values()]
    return [a for a in arrays if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


@MANY
@EVERY_DTYPE
def test_values_are_exact_in_the_dtype(loss, dtype):
    for recipe in drawn(loss.id, dtype):
        for array in floats(build(recipe, loss)):
            assert np.array_equal(round_to(array, FORMATS[dtype]), array, equal_nan=True)


@MANY
@EVERY_DTYPE
def test_inputs_lie_in_their_domain(loss, dtype):
    for recipe in drawn(loss.id, dtype):
        case = build(recipe, loss)
        for name, array in case.inputs.items():
            domain = loss.inputs[name].domain(dict(case.parameters))
            legal = array.reshape(-1).tolist()
            if loss.inputs[name].kind == "class_index":
                mark = case.parameters.get(loss.inputs[name].also)
                assert all(0 <= k < recipe.classes or k == mark for k in legal), recipe.text()
                continue
            if recipe.regime in NOT_FINITE and is_unbounded(loss, name, case.parameters):
                legal = [number for number in legal if np.isfinite(number)]
            assert all(domain.contains(number) for number in legal), recipe.text()


@MANY
@EVERY_DTYPE
def test_parameters_lie_in_their_domain(loss, dtype):
    for recipe in drawn(loss.id, dtype):
        for name, value in build(recipe, loss).parameters.items():
            domain = loss.parameters[name].domain()
            assert isinstance(value, np.ndarray) == (loss.parameters[name].shape is not None)
            assert all(domain.contains(float(number)) for number in np.ravel(value))


@MANY
def test_only_the_regimes_of_special_values_hold_them(loss):
    for recipe in drawn(loss.id, "float16"):
        case = build(recipe, loss)
        finite = all(np.isfinite(array).all() for array in floats(case))
        assert finite == (recipe.regime not in NOT_FINITE), recipe.text()


@MANY
def test_samples_are_ignored_only_where_the_recipe_states_the_mark(loss):
    for recipe in drawn(loss.id, "float32"):
        case = build(recipe, loss)
        mark = case.parameters.get("ignore_index")
        index = case.inputs["target"]
        if index.dtype.kind == "i":
            assert np.any(index == mark) == (mark is not None), recipe.text()


@MANY
def test_a_case_does_not_depend_on_what_was_built_before(loss):
    recipes = drawn(loss.id, "float32")
    forwards = [build(recipe, loss).digest() for recipe in recipes]
    backwards = [build(recipe, loss).digest() for recipe in reversed(recipes)]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) > 0.8 * len(recipes)


@MANY
def test_another_seed_gives_other_values(loss):
    recipe = replace(drawn(loss.id, "float64")[1], regime="typical", batch=(17,))
    other = replace(recipe, seed=recipe.seed + 1)
    assert build(recipe, loss).digest() != build(other, loss).digest()


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("mse/float32/typical/17/none/-/s1", "4729d1f6ebda4e83"),
        ("l1/float64/wide/3x5/mean/weight=wide/s2", "9fd11b53df1c9420"),
        ("nll/bfloat16/tails/9x5c/mean/weight=typical,ignore_index=last/s3", "e384ed12b7cab9a6"),
        ("cross_entropy/float64/thresholds/7x3c/sum/label_smoothing=0.1/s4", "c14b2f86345b00bd"),
        ("cross_entropy_probabilities/float64/cancelling/8x5c/none/-/s5", "9fe124331d594721"),
        (
            "binary_cross_entropy/float16/boundary/33/none/weight=some-zero.last/s6",
            "b21c6899d3d89c45",
        ),
        (
            "binary_cross_entropy_with_logits/float64/cancelling/16/sum/pos_weight=spread/s7",
            "a358e75f849097c5",
        ),
        ("kl_divergence/float64/typical/3x5/batchmean/log_target=true/s8", "9e5226174668ff73"),
    ],
)
def test_the_bits_of_a_case_are_pinned(text, digest):
    """A case must not change between machines; a change by NumPy or of a regime shows here."""
    assert case_of(text).digest()[:16] == digest


def test_nobody_can_write_to_a_case():
    case = case_of("mse/float32/typical/3/none/weight=typical/s1")
    for array in floats(case):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize("regime", regimes_of(LOSSES["mse"]))
@EVERY_DTYPE
def test_a_long_batch_of_each_regime_varies(regime, dtype):
    case = case_of(f"mse/{dtype}/{regime}/500/none/-/s1")
    few = {"constant": 1, "ties": 3}.get(regime)
    distinct = len(np.unique(case.inputs["prediction"]))
    assert distinct <= few if few else distinct > 15


@EVERY_DTYPE
def test_regimes_hold_what_they_are_named_for(dtype):
    form = FORMATS[dtype]

    def prediction(regime):
        return case_of(f"mse/{dtype}/{regime}/300/none/-/s1").inputs["prediction"]

    subnormal = np.abs(prediction("subnormal"))
    assert ((subnormal > 0) & (subnormal < form.smallest_normal)).sum() > 60
    assert (np.abs(prediction("largest")) == form.largest).sum() > 20
    zeros = prediction("zeros")[prediction("zeros") == 0.0]
    assert len(zeros) > 150
    assert 0 < np.signbit(zeros).sum() < len(zeros)
    exponents = np.frexp(prediction("wide"))[1]
    assert exponents.max() - exponents.min() > 0.8 * (form.emax - form.emin)
    first, *others = np.abs(prediction("one-big"))
    assert first > 8 * max(others)
    assert np.isnan(prediction("nan")).any()
    assert set(np.sign(prediction("infinite")[np.isinf(prediction("infinite"))])) == {-1.0, 1.0}


@EVERY_DTYPE
def test_cancelling_targets_are_within_a_few_ulp_of_the_prediction(dtype):
    inputs = case_of(f"mse/{dtype}/cancelling/300/none/-/s1").inputs
    near = np.abs(inputs["prediction"] - inputs["target"])
    assert (near <= 16 * FORMATS[dtype].unit_roundoff * np.abs(inputs["prediction"])).mean() > 0.95


@EVERY_DTYPE
def test_probabilities_come_close_to_both_ends(dtype):
    text = f"binary_cross_entropy/{dtype}/tails/300/none/-/s1"
    values = case_of(text).inputs["probabilities"]
    assert ((values < 1.0) & (values >= 1.0 - 8 * FORMATS[dtype].unit_roundoff)).any()
    assert ((values > 0.0) & (values < 1e-3)).any()
    ends = case_of(text.replace("tails", "boundary")).inputs["probabilities"]
    assert {0.0, 1.0} < set(ends.tolist())


@EVERY_DTYPE
def test_hard_targets_are_zero_or_one(dtype):
    target = case_of(f"binary_cross_entropy/{dtype}/hard/65/none/-/s1").inputs["target"]
    assert set(target.tolist()) == {0.0, 1.0}
    rows = case_of(f"cross_entropy_probabilities/{dtype}/hard/65x5c/none/-/s1").inputs["target"]
    assert np.array_equal(np.sort(rows, axis=-1), np.broadcast_to(np.eye(5)[-1], rows.shape))


@EVERY_DTYPE
@pytest.mark.parametrize("regime", regimes_of(LOSSES["cross_entropy_probabilities"]))
def test_rows_of_probabilities_sum_to_one_but_in_the_regime_that_says_otherwise(regime, dtype):
    text = f"cross_entropy_probabilities/{dtype}/{regime}/65x5c/none/-/s1"
    sums = case_of(text).inputs["target"].sum(axis=-1)
    near = np.abs(sums - 1.0) <= 5 * FORMATS[dtype].unit_roundoff
    if regime in NOT_FINITE or regime == "cancelling":
        near |= ~np.isfinite(sums) | (np.abs(sums - 1.0) < 0.05)
    assert near.mean() < 0.2 if regime == "unnormalised" else near.all()


def test_log_probabilities_are_normalised_but_in_the_regime_that_says_otherwise():
    rows = case_of("nll/float64/typical/65x5c/none/-/s1").inputs["log_probabilities"]
    assert np.allclose(np.exp(rows).sum(axis=-1), 1.0, rtol=1e-14)
    free = case_of("nll/float64/unnormalised/65x5c/none/-/s1").inputs["log_probabilities"]
    assert (free > 0).any()


@pytest.mark.parametrize(
    ("stated", "shape"),
    [("typical", (7, 3)), ("typical.last", (3,)), ("spread.scalar", ())],
)
def test_a_weight_has_the_shape_that_its_token_says(stated, shape):
    case = case_of(f"mse/float32/typical/7x3/none/weight={stated}/s1")
    assert case.parameters["weight"].shape == shape


def test_scalars_stay_the_numbers_that_the_recipe_writes():
    text = "cross_entropy/float16/typical/7x3c/none/ignore_index=last,label_smoothing=0.1/s1"
    assert case_of(text).parameters == {"ignore_index": 2, "label_smoothing": 0.1}


@pytest.mark.parametrize("shape", ["0", "3x0", "0x2"])
def test_empty_batches_can_be_built(shape):
    for regime in regimes_of(LOSSES["kl_divergence"]):
        case = case_of(f"kl_divergence/float32/{regime}/{shape}/none/-/s1")
        assert case.inputs["target"].size == 0
    for regime in regimes_of(LOSSES["cross_entropy"]):
        assert (
            case_of(f"cross_entropy/float32/{regime}/{shape}x3c/sum/-/s1").inputs["target"].size
            == 0
        )


def test_the_speed_of_building_is_recorded(record_property):
    recipes = drawn("binary_cross_entropy", "float32")
    start = time.perf_counter()
    for recipe in recipes:
        build(recipe, LOSSES["binary_cross_entropy"])
    record_property("cases_per_second", round(len(recipes) / (time.perf_counter() - start)))
