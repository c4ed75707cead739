"""A sample of the planted implementations through the suite, and the tables made of all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.honest import case
from tests.planted.catalogue import faults, find, load, variants
from tests.planted.judging import Bench, held_against
from tests.planted.score import Found, through_suite
from tests.planted.tables import counts, markdown, missed, summary, text

FAULTS = {
    "l1:kink_slope_nan": "gradient",
    "l1:overwrites_prediction": "mutation",
    "mse:more_one_in_mean": "reduction",
    "mse:always_float64": "dtype",
    "nll:negative_wraps": "error",
    "nll:gradient_to_ignored": "gradient",
    "cross_entropy:no_max_shift": "value",
    "cross_entropy:smoothing_over_others": "example",
    "cross_entropy_probabilities:mass_assumed_one": "edge-case",
    "binary_cross_entropy:missing_log1p": "value",
    "binary_cross_entropy_with_logits:pos_weight_on_negatives": "identity",
    "kl_divergence:classes_summed": "shape",
}
"""The property that must be among those that find the fault in `quick`."""

CORRECT = (
    "mse:mse_composed",
    "nll:nll_of_torch",
    "cross_entropy:cross_entropy_composed",
    "cross_entropy:cross_entropy_online",
    "binary_cross_entropy_with_logits:logits_by_logaddexp",
)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    pytest.importorskip("torch")
    made = Bench()
    yield made
    made.close()


@pytest.mark.frameworks
@pytest.mark.parametrize("id", FAULTS)
def test_a_planted_fault_is_caught_by_its_property(bench: Bench, id: str) -> None:
    found = through_suite(find(id), bench, "quick")
    assert FAULTS[id] in found["properties"], found


@pytest.mark.frameworks
@pytest.mark.parametrize("id", CORRECT)
def test_a_correct_variant_is_not_flagged(bench: Bench, id: str) -> None:
    found = through_suite(find(id), bench, "quick")
    assert not found["caught"], found["case"]


SUSPECTED = (
    # the cost is lost in the largest logit, then weighed
    (
        "cross_entropy:cross_entropy_by_log_sum_exp",
        "float32/tails/127x5x1x2c/none/weight=wide,ignore_index=0,label_smoothing=0.0/s444505",
    ),
    # the weight times p falls below the range before a large share is met
    (
        "cross_entropy:cross_entropy_in_float64",
        "float64/thresholds/8x2c/mean/ignore_index=0/s361931",
    ),
    # the weight times the cost overflows before a small share is met, and so does the weighted mass
    (
        "cross_entropy_probabilities:class_shares_in_float32",
        "float32/wide/16x3x1x3c/none/weight=wide,label_smoothing=0.1/s693322",
    ),
    (
        "cross_entropy_probabilities:class_shares_in_float32",
        "bfloat16/unnormalised/7x2x33c/sum/weight=wide/s253420",
    ),
    # y / p overflows before a small share is met
    ("binary_cross_entropy:bce_in_float32", "float32/subnormal/65x8x3/none/-/s572496"),
    # torch divides zero by zero there
    (
        "binary_cross_entropy:bce_in_float64",
        "float16/thresholds/65x5x3/sum/weight=spread/s407867",
    ),
    # the share times the slope falls below the range before a large weight is met
    (
        "binary_cross_entropy_with_logits:logits_in_float32",
        "float32/thresholds/9x5x2/mean/weight=spread/s77979",
    ),
    # XLA multiplies by 1 / 120
    ("l1:l1_in_jax", "float32/cancelling/15x8/mean/-/s523906"),
)
"""Cases that have flagged correct variants, each with what its order of operations does."""


@pytest.mark.frameworks
@pytest.mark.parametrize(("id", "recipe"), SUSPECTED)
def test_an_honest_order_of_operations_excuses_what_it_does(
    bench: Bench, id: str, recipe: str
) -> None:
    planted, dtype = find(id), recipe.partition("/")[0]
    pytest.importorskip(planted.framework)
    cases = [case(f"{planted.loss}/{recipe}")]
    asked = ("value", "gradient", "cotangent", "invariant")
    found = held_against(bench.ready(planted), planted, dtype, "quick", cases, asked)
    assert not found, [fault.note for fault in found]


def results(*caught: str) -> dict[str, dict[str, Found]]:
    """A quick run that flagged the ids given and nothing else."""

    def row(id: str) -> Found:
        hit = id in caught
        properties = {"value": 3} if hit else {}
        return {"caught": hit, "dtype": "float32", "properties": properties, "case": "the case"}

    return {"quick": {each.id: row(each.id) for each in load()}}


def test_a_missed_fault_keeps_its_row_and_is_named() -> None:
    first, second = faults()[0].id, faults()[1].id
    found = results(first)
    assert faults()[0] not in missed(found, "quick")
    page = markdown(found)
    assert f"- `quick` misses `{second}`" in page
    assert sum(line.startswith(f"| `{second}` |") for line in page.splitlines()) == 1
    assert f"quick: missed {second}" in text(found)


def test_a_flagged_variant_is_counted_apart_and_named() -> None:
    wrong = variants()[0].id
    found = results(wrong)
    assert [*summary(found)] == [
        ("quick", f"0 of {len(faults())} (0.0 %)", f"1 of {len(variants())}")
    ]
    assert f"`quick` flags the correct `{wrong}`: the case" in markdown(found)


def test_what_a_judge_was_not_asked_is_in_neither_count() -> None:
    chosen = faults()[:3]
    flags = {chosen[0].id: True, chosen[1].id: None, chosen[2].id: False}
    assert counts(flags, chosen) == (1, 2)
