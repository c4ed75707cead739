"""Every registered program computes its loss, and stays inside its bound under the worst rounding."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import reference
from conformance.cases.drawing import draw
from conformance.cases.generation import build
from conformance.engine.practice import declared, usual
from conformance.engine.standard import arguments
from conformance.numerics import FORMATS, IDEAL64, Arithmetic, run_bounded
from conformance.numerics.formats import FLOAT32
from conformance.specs.choice import ChoiceForm
from conformance.specs.library import load_library
from conformance.targets.binding_file import load_bindings
from conformance.targets.target import Target
from reference.algorithms import GRADIENTS, VALUES
from tests.numerics.noise import Noisy

TARGETS = ("torch", "keras", "keras[torch]", "keras[jax]", "tensorflow", "optax")
LOSSES = load_library().losses
LOSS = "cross_entropy"
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


ARGUMENTS = {"value": "-100", "eps": "1e-7", "least": "1e-12", "slope": "0"}


def declarable():
    """Every choice that an author may declare, convention by convention."""
    for loss, spec in LOSSES.items():
        for convention, offered in spec.conventions.items():
            for form in map(ChoiceForm.parse, offered.choices):
                number = "" if form.argument is None else f"({ARGUMENTS[form.argument]})"
                text = f"{form.name}{number}"
                yield loss, convention, text


def known():
    """Each program that an unknown callable may be running: it takes whatever callables may take."""
    found = {}
    for loss in LOSSES:
        choices = LOSSES[loss].choices({})
        takes = tuple(LOSSES[loss].parameters)
        for kind, table in (("value", VALUES), ("gradient", GRADIENTS)):
            for name in usual(table[loss], choices):
                found[loss, kind, name] = (choices, takes)
    for loss, convention, text in declarable():
        choices = LOSSES[loss].choices({convention: text})
        for kind, table in (("value", VALUES), ("gradient", GRADIENTS)):
            for name in {*usual(table[loss], choices)} - {name for *_, name in practised()}:
                found.setdefault((loss, kind, name), (choices, tuple(LOSSES[loss].parameters)))
    return found


PRACTISED, KNOWN = practised(), known()
WIDEST = {**PRACTISED, **KNOWN}


def each_of(table, mark=()):
    return [
        pytest.param(*place, declared, id="-".join((*place, *mark)))
        for place, declared in sorted(table.items(), key=lambda item: item[0])
    ]


@cache
def drawn(loss, dtype):
    recipes = draw(LOSSES[loss], dtype, 90, 11, largest=60)
    calm = [recipe for recipe in recipes if recipe.regime in CALM and recipe.batch]
    return [({name for name, _ in each.parameters}, build(each, LOSSES[loss])) for each in calm]


def cases(loss, dtype, takes):
    return [case for stated, case in drawn(loss, dtype) if stated <= set(takes)]


def programs(kind):
    return VALUES if kind == "value" else GRADIENTS


def runs(loss, kind, program, declared, arithmetic, dtype):
    """For each case, the program's bounded run beside the reference's, output by output."""
    choices, takes = declared
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
        yield positional, given.keywords, own, right


def outputs(result):
    return result if isinstance(result, dict) else {"value": result}


def apart(loss, kind, program, declared):
    """The largest gap to the reference, as a share of both bounds."""
    arithmetic = Arithmetic(FORMATS["float64"], FORMATS["float64"], FORMATS["float64"])
    worst = compared = 0.0
    for _, _, own, right in runs(loss, kind, program, declared, arithmetic, "float64"):
        for name, mine in outputs(own).items():
            truth = outputs(right)[name]
            usable = np.isfinite(truth.value) & np.isfinite(mine.value)
            usable &= ~(mine.overflow | truth.overflow)
            gap = np.abs(mine.value[usable] - truth.value[usable])
            allowed = (mine.bound + truth.bound)[usable] * (1 + 1e-9) + 1e-320
            worst = max(worst, np.max(gap / allowed, initial=0.0))
            compared += gap.size
    assert compared > 4
    return worst


@pytest.mark.parametrize(
    ("loss", "kind", "name", "declared"), [*each_of(PRACTISED), *each_of(KNOWN, ("any",))]
)
def test_a_program_agrees_with_the_reference_within_both_bounds(loss, kind, name, declared):
    assert apart(loss, kind, programs(kind)[loss][name], declared) <= 1.0


@pytest.mark.parametrize("parameter", ["weight", "label_smoothing", "ignore_index"])
def test_a_program_that_passes_a_parameter_over_is_told(parameter):
    """Its bound would be one of another loss: too wide where a weight is small."""
    plain = VALUES["cross_entropy"]["log_sum_exp_less_target"]

    def forgetful(*inputs, **keywords):
        return plain(*inputs, **{**keywords, parameter: LOSSES[LOSS].parameters[parameter].default})

    assert apart(LOSS, "value", forgetful, KNOWN[LOSS, "value", "log_sum_exp_less_target"]) > 1.0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("loss", "kind", "name", "declared"), each_of(WIDEST))
def test_a_program_stays_within_its_bound_under_the_worst_noise(loss, kind, name, declared, dtype):
    program = programs(kind)[loss][name]
    arithmetic = Arithmetic(FORMATS[dtype], FLOAT32, FLOAT32, strict_order=True)
    random = np.random.default_rng(5)
    for positional, keywords, own, _ in runs(loss, kind, program, declared, arithmetic, dtype):
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
        for output, got in outputs(result).items():
            mine = outputs(own)[output]
            value = got.stored().value if isinstance(got, Noisy) else np.asarray(got)
            usable = np.isfinite(mine.value) & np.isfinite(value) & ~mine.overflow
            gap = np.abs(value[usable] - mine.value[usable])
            allowed = mine.bound[usable] * (1 + 1e-6) + FORMATS[dtype].smallest_subnormal
            assert (gap <= allowed).all(), f"{output}: {np.max(gap / allowed)}"


def test_every_registered_program_is_practised_by_a_binding_or_open_to_unknown_callables():
    registered = {
        (loss, kind, name)
        for kind, table in (("value", VALUES), ("gradient", GRADIENTS))
        for loss, programs in table.items()
        for name in programs
    }
    assert {*PRACTISED, *KNOWN} == registered


@pytest.mark.parametrize(("loss", "convention", "text"), list(declarable()), ids="-".join)
def test_whatever_an_author_declares_is_computed_by_some_program_of_each_kind(
    loss, convention, text
):
    choices = LOSSES[loss].choices({convention: text})
    for kind in ("value", "gradient"):
        known_here = usual(programs(kind)[loss], choices)
        assert known_here
        takes = tuple(LOSSES[loss].parameters)
        for program in known_here.values():
            arithmetic = Arithmetic(FORMATS["float64"], FORMATS["float64"], FORMATS["float64"])
            for _, _, own, right in runs(
                loss, kind, program, (choices, takes), arithmetic, "float64"
            ):
                truth = outputs(right)
                for name, mine in outputs(own).items():
                    assert np.shape(mine.value) == np.shape(truth[name].value)
