"""A loss compiles under its choices: steps replaced, arguments named, gradients declared."""

import pytest

from conformance.specs.errors import FormulaError
from conformance.specs.library import load_library
from conformance.specs.models import Loss
from conformance.specs.program import compile_program, dims, names_in_scope
from conformance.specs.scalar import SCALAR

LOSSES = load_library().losses


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_choice_compiles(loss: Loss) -> None:
    for name, convention in loss.conventions.items():
        for form in convention.choices:
            text = form.split("(")[0] + ("(0.5)" if "(" in form else "")
            program = compile_program(loss, {name: text})
            assert [step for step, _ in program.let] == list(loss.formula.let)


def test_a_choice_replaces_steps_and_brings_its_argument() -> None:
    loss = LOSSES["binary_cross_entropy"]
    names = {"probabilities": 0.0, "target": 1.0, "weight": None}
    assert compile_program(loss).unreduced(names, SCALAR) == float("inf")
    floored = compile_program(loss, {"log-of-zero": "floor(-100)"})
    assert floored.arguments == {"value": -100.0}
    assert floored.unreduced(names, SCALAR) == 100.0


def test_a_gradient_is_declared_by_its_choice_alone() -> None:
    loss = LOSSES["binary_cross_entropy"]
    assert compile_program(loss).gradient == {}
    program = compile_program(loss, {"saturated-gradient": "floor(1e-12)"})
    scope = program.scope({"probabilities": 0.0, "target": 1.0, "weight": None}, SCALAR)
    assert program.gradient["probabilities"].evaluate(scope, SCALAR) == -1e12


def test_a_divisor_sees_the_steps() -> None:
    loss = LOSSES["cross_entropy"]
    program = compile_program(loss)
    names = {"logits": [0.0, 0.0], "target": 1, "weight": [1.0, 3.0], "ignore_index": -100}
    scope = program.scope({**names, "label_smoothing": 0.0, "classes": 2}, SCALAR)
    assert program.divisors.keys() == {"mean"}
    assert program.divisors["mean"].evaluate(scope, SCALAR) == 3.0


def test_names_in_scope_are_inputs_parameters_and_dims() -> None:
    assert dims(LOSSES["l1"]) == set()
    assert names_in_scope(LOSSES["nll"]) == {
        *("log_probabilities", "target", "weight", "ignore_index", "classes")
    }


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^there is no choice 'ceil'; choices are exact, floor"):
        compile_program(LOSSES["binary_cross_entropy"], {"log-of-zero": "ceil"})
    with pytest.raises(ValueError, match=r"^l1 has no convention 'log-of-zero'; it has weighted"):
        compile_program(LOSSES["l1"], {"log-of-zero": "exact"})


def test_a_formula_outside_the_language_is_refused() -> None:
    loss = LOSSES["l1"].model_copy(
        update={"formula": LOSSES["l1"].formula.model_copy(update={"loss": "open(prediction)"})}
    )
    with pytest.raises(FormulaError, match=r"^there is no function 'open'"):
        compile_program(loss)
