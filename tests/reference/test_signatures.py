"""Names and defaults of the reference are those of the specs."""

from __future__ import annotations

import inspect

import pytest

import reference
from conformance.specs.library import load_library

LOSSES = load_library().losses
POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
KEYWORD = inspect.Parameter.KEYWORD_ONLY


def keywords_of(loss):
    parameters = {name: parameter.default for name, parameter in loss.parameters.items()}
    conventions = {name.replace("-", "_"): text for name, text in loss.choices().items()}
    return {**parameters, "reduction": "mean", **conventions}


def named(program, kind):
    parameters = inspect.signature(program).parameters.values()
    return [parameter for parameter in parameters if parameter.kind is kind]


def test_every_spec_has_a_program_and_every_program_a_spec():
    assert set(reference.PROGRAMS) == set(LOSSES)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_inputs_stand_in_the_order_of_the_spec(loss):
    program = reference.PROGRAMS[loss.id]
    assert [each.name for each in named(program.value, POSITIONAL)] == list(loss.inputs)
    expected = [*loss.inputs, "cotangent"]
    assert [each.name for each in named(program.gradient, POSITIONAL)] == expected


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
@pytest.mark.parametrize("part", ["value", "gradient"])
def test_keywords_and_defaults_are_those_of_the_spec(loss, part):
    program = getattr(reference.PROGRAMS[loss.id], part)
    actual = {each.name: each.default for each in named(program, KEYWORD)}
    assert actual == keywords_of(loss)
    assert {name: type(value) for name, value in actual.items()} == {
        name: type(value) for name, value in keywords_of(loss).items()
    }


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_a_program_stands_in_the_module_that_holds_its_family(loss):
    module = inspect.getmodule(reference.PROGRAMS[loss.id].value)
    assert module.__name__.startswith("reference.")
    assert f"Spec: {loss.family}/{loss.id}." in inspect.getdoc(reference.PROGRAMS[loss.id].value)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.id)
def test_a_choice_that_is_not_known_is_refused(loss):
    import numpy as np

    shapes = {"*batch": (2,), "*batch classes": (2, 3)}
    inputs = [
        np.zeros(shapes[given.shape], dtype=np.int64 if given.kind == "class_index" else float)
        for given in loss.inputs.values()
    ]
    for convention in loss.conventions:
        keyword = {convention.replace("-", "_"): "no-such-choice"}
        with pytest.raises(ValueError, match="'no-such-choice' is not known; write one of"):
            reference.PROGRAMS[loss.id].gradient(*inputs, np.array(1.0), **keyword)
