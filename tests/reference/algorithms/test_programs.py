"""Every registered program computes its loss, and stays inside its bound under the worst rounding."""

from __future__ import annotations

import numpy as np
import pytest

import reference
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.practice import declared
from conformance.engine.standard import arguments
from conformance.numerics import FORMATS, IDEAL64, Arithmetic, run_bounded
from conformance.numerics.formats import FLOAT32
from conformance.specs.library import load_library
from conformance.targets.bindings import load_bindings
from conformance.targets.target import Target
from reference.algorithms import GRADIENTS, VALUES
from tests.numerics.noise import Noisy

TARGETS = ("torch", "keras", "tensorflow", "optax")
LOSSES = load_library().losses
CALM = {"typical", "tails", "cancelling", "ties", "constant", "thresholds"}


def practised():
    """Each program as some binding declares it: loss, program, its kind, the binding's choices."""
    found = {}
    for text in TARGETS:
        for loss, binding in load_bindings(Target.parse(text)).items():
            if binding.absent is None and binding.algorithm is not None:
                choices = declared(binding, LOSSES[loss])
                takes = tuple(binding.parameters)
                found[loss, "value", binding.algorithm.value] = (choices, takes)
                found[loss, "gradient", binding.algorithm.gradient] = (choices, takes)
    return found


PRACTISED = practised()


def cases(loss, dtype, takes):
    for recipe in draw(LOSSES[loss], dtype, 90, 11, largest=60):
        stated = {name for name, _ in recipe.parameters}
        if recipe.regime in CALM and stated <= set(takes) and recipe.batch:
            yield build(recipe, LOSSES[loss])


def runs(loss, kind, name, arithmetic, dtype):
    """For each case, the program's bounded run beside the reference's, output by output."""
    choices, takes = PRACTISED[loss, kind, name]
    program = (VALUES if kind == "value" else GRADIENTS)[loss][name]
    truth = getattr(reference.PROGRAMS[loss], kind)
    for case in cases(loss, dtype, takes):
        given = arguments(case, LOSSES[loss], choices)
        positional = given.positional
        if kind == "gradient":
            with np.errstate(all="ignore"):
                value = reference.PROGRAMS[loss].value(*positional, **given.keywords)
            positional = (*positional, case.cotangent_for(np.shape(value)))
        own = run_bounded(program, arithmetic, positional, given.keywords)
        right = run_bounded(truth, IDEAL64, positional, given.keywords)
        yield program, positional, given.keywords, own, right


def outputs(result):
    return result if isinstance(result, dict) else {"value": result}


@pytest.mark.parametrize("place", sorted(PRACTISED), ids="-".join)
def test_a_program_agrees_with_the_reference_within_both_bounds(place):
    arithmetic = Arithmetic(FORMATS["float64"], FORMATS["float64"], FORMATS["float64"])
    compared = 0
    for _, _, _, own, right in runs(*place, arithmetic, "float64"):
        for name, mine in outputs(own).items():
            truth = outputs(right)[name]
            usable = np.isfinite(truth.value) & np.isfinite(mine.value)
            usable &= ~(mine.overflow | truth.overflow)
            gap = np.abs(mine.value[usable] - truth.value[usable])
            allowed = (mine.bound + truth.bound)[usable] * (1 + 1e-9) + 1e-320
            assert (gap <= allowed).all(), f"{name}: {np.max(gap / allowed)}"
            compared += gap.size
    assert compared > 4


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("place", sorted(PRACTISED), ids="-".join)
def test_a_program_stays_within_its_bound_under_the_worst_noise(place, dtype):
    arithmetic = Arithmetic(FORMATS[dtype], FLOAT32, FLOAT32, strict_order=True)
    random = np.random.default_rng(5)
    for program, positional, keywords, own, _ in runs(*place, arithmetic, dtype):
        noisy = [
            Noisy(each, arithmetic, random)
            if isinstance(each, np.ndarray) and each.dtype.kind == "f"
            else each
            for each in positional
        ]
        named = {
            name: Noisy(each, arithmetic, random) if isinstance(each, np.ndarray) else each
            for name, each in keywords.items()
        }
        with np.errstate(all="ignore"):
            result = program(*noisy, **named)
        for name, got in outputs(result).items():
            mine = outputs(own)[name]
            value = got.stored().value if isinstance(got, Noisy) else np.asarray(got)
            usable = np.isfinite(mine.value) & np.isfinite(value) & ~mine.overflow
            gap = np.abs(value[usable] - mine.value[usable])
            allowed = mine.bound[usable] * (1 + 1e-6) + FORMATS[dtype].smallest_subnormal
            assert (gap <= allowed).all(), f"{name}: {np.max(gap / allowed)}"


def test_every_registered_program_is_practised_by_a_binding():
    registered = {
        (loss, kind, name)
        for kind, table in (("value", VALUES), ("gradient", GRADIENTS))
        for loss, programs in table.items()
        for name in programs
    }
    assert set(PRACTISED) == registered
