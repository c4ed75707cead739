"""The bounds hold for the worst arithmetic that the model permits; needs no framework."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.numerics import FORMATS, Arithmetic, Bounded, round_to, run_bounded
from conformance.numerics.formats import BFLOAT16, FLOAT32
from tests.numerics.noise import Noisy


def stored(x):
    return x.stored() if hasattr(x, "stored") else x


def binary_with_logits(x, y):
    log_sigmoid = stored(np.minimum(x, 0.0) - np.log1p(np.exp(-np.absolute(x))))
    return (1.0 - y) * x - log_sigmoid


def log_softmax_then_mean(x, y):
    centred = x - np.max(x, axis=-1, keepdims=True)
    log_total = np.log(np.sum(np.exp(centred), axis=-1, keepdims=True))
    return np.mean(stored(centred - log_total) * y)


def sigmoid_gradient(x, y):
    z = np.exp(-np.absolute(x))
    return np.where(x >= 0, 1.0 / (1.0 + z), z / (1.0 + z)) - y


def divergence(x, y):
    positive = y > 0
    return np.where(positive, y * (np.log(np.where(positive, y, 1.0)) - x), 0.0)


def huber(x, y):
    error = np.absolute(x - y)
    return np.where(error <= 0.7, 0.5 * error * error, 0.7 * (error - 0.35))


PROGRAMS = [binary_with_logits, log_softmax_then_mean, sigmoid_gradient, divergence, huber]


def arithmetics():
    for name in ("float32", "float16", "bfloat16"):
        for each_op in (False, True):
            form = FORMATS[name]
            yield Arithmetic(form, FLOAT32, FLOAT32, each_op=each_op, strict_order=True)


def inputs(random, form, spread):
    x = round_to(random.standard_normal((40, 8)) * spread, form)
    y = round_to(random.uniform(0.0, 1.0, (40, 8)), form)
    return x, y


def worst_share(program, arithmetic, x, y, random):
    bound = run_bounded(program, arithmetic, (x, y), {})
    noisy = program(Noisy(x, arithmetic, random), Noisy(y, arithmetic, random)).stored()
    exact = program(x, y)
    usable = np.isfinite(exact) & ~bound.overflow & np.isfinite(noisy.value)
    error = np.abs(noisy.value - exact)[usable]
    allowed = bound.bound[usable]
    assert usable.any()
    return np.max(np.where(error == 0, 0.0, error / np.where(allowed > 0, allowed, 1e-300)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    "arithmetic", list(arithmetics()), ids=lambda a: f"{a.storage.name}-{a.each_op}"
)
def test_noise_within_the_model_stays_within_the_bound(program, arithmetic):
    random = np.random.default_rng(7)
    shares = [
        worst_share(program, arithmetic, *inputs(random, arithmetic.storage, spread), random)
        for spread in (1e-3, 1.0, 3.0, 30.0)
        for _ in range(5)
    ]
    assert max(shares) <= 1.0
    assert max(shares) > 0.05  # a bound that is never approached would hide faults


def test_rounding_charged_at_the_value_alone_is_caught(monkeypatch):
    """The first model charged u|v|; a value that is already off by e rounds by u(|v| + e)."""
    from conformance.numerics import estimate

    honest = estimate.rounded

    def at_the_value_alone(given, form, arithmetic, exact=None):
        alone = honest(given._replace(bound=np.zeros_like(given.value)), form, arithmetic, exact)
        return alone._replace(bound=given.bound + alone.bound)

    random = np.random.default_rng(7)
    arithmetic = Arithmetic(BFLOAT16, FLOAT32, FLOAT32, each_op=True, strict_order=True)
    worst = 0.0
    for _ in range(60):
        x, y = inputs(random, BFLOAT16, 30.0)
        noisy = binary_with_logits(Noisy(x, arithmetic, random), Noisy(y, arithmetic, random))
        exact = binary_with_logits(x, y)
        monkeypatch.setattr(estimate, "rounded", at_the_value_alone)
        bound = run_bounded(binary_with_logits, arithmetic, (x, y), {})
        monkeypatch.undo()
        error = np.abs(noisy.value - exact)
        worst = max(worst, np.max(error / bound.bound))
    assert worst > 1.0


def test_values_are_bit_identical_to_a_plain_run():
    random = np.random.default_rng(3)
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    for program in PROGRAMS:
        x, y = inputs(random, FLOAT32, 5.0)
        assert np.array_equal(run_bounded(program, arithmetic, (x, y), {}).value, program(x, y))


def test_an_ambiguous_comparison_covers_both_branches():
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)

    def step(x):
        return np.where(x * 0.1 > 0.1, 5.0 + 0.0 * x, -5.0 + 0.0 * x)

    near = run_bounded(step, arithmetic, (np.array([1.0, 3.0]),), {})
    assert near.bound[0] >= 10.0
    assert near.bound[1] < 1e-5


def test_an_overflowing_intermediate_is_marked():
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    result = run_bounded(lambda x: np.log(np.exp(x)), arithmetic, (np.array([1.0, 90.0]),), {})
    assert result.overflow.tolist() == [False, True]


def test_python_numbers_are_charged_their_own_rounding():
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    exact = run_bounded(lambda x: x * 0.5, arithmetic, (np.array([2.0]),), {})
    inexact = run_bounded(lambda x: x * 0.1, arithmetic, (np.array([2.0]),), {})
    assert exact.bound[0] == 0.0
    assert inexact.bound[0] > 0.2 * FLOAT32.unit_roundoff


def test_an_operation_without_a_rule_is_refused():
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    with pytest.raises(TypeError):
        run_bounded(np.arctan, arithmetic, (np.array([2.0]),), {})
    assert isinstance(run_bounded(np.exp, arithmetic, (np.array([2.0]),), {}), Bounded)


def test_a_sum_that_float64_itself_rounds_is_not_taken_for_exact():
    """-1 + 1e-28 is -1 in float64, a number of float32; the 1e-28 that was lost is an error."""
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    tiny = round_to(np.array([1e-28]), FLOAT32)
    lost = run_bounded(lambda x: (x - 1.0) + 1.0, arithmetic, (tiny,), {})
    assert lost.bound[0] >= tiny[0]
    held = run_bounded(lambda x: (x - 1.0) + 1.0, arithmetic, (np.array([0.5]),), {})
    assert held.bound[0] == 0.0


def test_every_float64_operation_is_charged():
    arithmetic = Arithmetic(FORMATS["float64"], FORMATS["float64"], FORMATS["float64"])
    product = run_bounded(lambda x: x * x, arithmetic, (np.array([0.1]),), {})
    assert product.bound[0] > 0.0


def test_terms_added_one_after_the_other_may_each_be_rounded():
    numbers = np.full((2, 3, 1000), 0.1)
    single = Arithmetic(FLOAT32, FLOAT32, FLOAT32)

    def bound(total):
        return run_bounded(total, single, (numbers,), {}).bound[0, 0, 0]

    blocked = bound(lambda x: np.sum(x, axis=-1, keepdims=True))
    in_order = bound(lambda x: x.sum_in_order(axis=-1, keepdims=True))
    running = np.float32(0.0)
    for _ in range(1000):
        running += np.float32(0.1)
    assert abs(float(running) - 1000 * float(np.float32(0.1))) > blocked
    assert abs(float(running) - 1000 * float(np.float32(0.1))) < in_order


@pytest.mark.parametrize("small", [2.0**-149, 2.0**-150])
def test_what_may_vanish_before_it_meets_an_infinity_is_marked(small):
    """In float32 the first product is 0 or subnormal, and 0 times infinity is NaN; no NaN is due."""

    def program(x, y, z):
        return (x * y) * z

    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    found = run_bounded(
        program, arithmetic, (np.array(small), np.array(0.25), np.array(np.inf)), {}
    )
    assert found.overflow
    found = run_bounded(program, arithmetic, (np.array(0.0), np.array(0.25), np.array(np.inf)), {})
    assert not found.overflow


def test_a_product_with_a_rounded_reciprocal_needs_the_bound_that_knows_of_it():
    """XLA compiles a quotient by a constant so."""
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32, strict_order=True)
    random = np.random.default_rng(4)
    one = round_to(random.standard_normal(4000), FLOAT32)
    got = round_to(one * round_to(np.array(1.0 / 120.0), FLOAT32), FLOAT32)
    gap = np.abs(got - one / 120.0)
    narrow = run_bounded(lambda x: x / 120.0, arithmetic, (one,), {})
    wide = run_bounded(lambda x: x / 120.0, replace(arithmetic, reciprocals=True), (one,), {})
    assert (gap > narrow.bound).any()
    assert (gap <= wide.bound).all()
    assert np.max(gap / wide.bound) > 0.7


def test_a_reciprocal_of_a_power_of_two_costs_nothing():
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32, reciprocals=True)
    x = round_to(np.random.default_rng(4).standard_normal(100), FLOAT32)
    assert not run_bounded(lambda x: x / 64.0, arithmetic, (x,), {}).bound.any()


def test_an_overflowed_dividend_widens_no_bound_and_an_overflowed_divisor_may_leave_nothing():
    """Infinity over 3 is infinity, which the mark excuses; half of the truth is excused by nothing."""
    arithmetic = Arithmetic(FLOAT32, FLOAT32, FLOAT32)
    big = (np.array([2.0**127]),)
    above = run_bounded(lambda x: (x * 4.0) / 512.0, arithmetic, big, {})
    below = run_bounded(lambda x: 512.0 / (x * 4.0), arithmetic, big, {})
    turned = run_bounded(lambda x: np.reciprocal(x * 4.0), arithmetic, big, {})
    assert above.overflow[0]
    assert above.bound[0] < 1e-6 * above.value[0]
    assert below.bound[0] >= below.value[0]
    assert turned.bound[0] >= turned.value[0]
