"""Bindings: what their files may hold, how variants change them, and that the suite's own fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cases.rejects import rejects
from conformance.specs.errors import SpecError
from conformance.specs.library import load_library
from conformance.targets.binding_file import load_bindings, read_bindings
from conformance.targets.bindings import Binding
from conformance.targets.call import Call, bind
from conformance.targets.fitness import unfit
from conformance.targets.known import load_known
from conformance.targets.target import Target
from tests.targets.losses import binding, loss

OWN = ("torch", "keras", "keras[torch]", "keras[jax]", "tensorflow", "optax")

FILE = """\
framework: numpy
losses:
  squared:
    call: somewhere.squared
    inputs: {prediction: a, target: b}
    reductions: {none: none, mean: {after: somewhere.mean}}
    algorithm: {value: one, gradient: two, rounding: each_op, rounding_of: {float16: fused}}
    rejects: {gone: ValueError, kept: TypeError}
    variants:
      jit:
        algorithm: {rounding: fused, rounding_of: {}}
        rejects: {gone: null}
      cuda: {absent: Nothing runs there at all}
    instead:
      weight: {call: somewhere.weighted, implied: [weight]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "numpy.yaml"
    path.write_text(text)
    return path


def test_a_file_is_read_with_its_losses(tmp_path: Path) -> None:
    found = read_bindings(written(tmp_path, FILE))["squared"]
    assert (found.loss, found.framework, found.call) == ("squared", "numpy", "somewhere.squared")
    assert found.reduction("mean") is not None
    assert found.algorithm is not None
    assert found.algorithm.rounding_in("float16") == "fused"
    assert found.algorithm.rounding_in("float32") == "each_op"


def test_a_variant_overrides_parts_and_null_removes_one(tmp_path: Path) -> None:
    found = read_bindings(written(tmp_path, FILE), ("cpu", "jit"))["squared"]
    assert found.algorithm is not None
    assert (found.algorithm.value, found.algorithm.rounding) == ("one", "fused")
    assert found.algorithm.rounding_of == {}
    assert found.rejects == {"kept": "TypeError"}


def test_a_variant_may_be_absent(tmp_path: Path) -> None:
    found = read_bindings(written(tmp_path, FILE), ("cuda",))["squared"]
    assert found.absent == "Nothing runs there at all"
    assert found.call is None


def test_what_is_called_instead_keeps_the_rest(tmp_path: Path) -> None:
    other = read_bindings(written(tmp_path, FILE))["squared"].instead["weight"]
    assert other.call == "somewhere.weighted"
    assert other.inputs == {"prediction": "a", "target": "b"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    call:", "    cal:", "squared: cal: Extra inputs are not permitted"),
        ("rounding: each_op", "rounding: sometimes", "squared: algorithm.rounding"),
        ("    call: somewhere.squared\n", "", "neither call nor module"),
        ("call: somewhere.squared", "call: os system", "squared: call"),
        ("framework: numpy", "framwork: numpy", "the key 'framwork' is not known here"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = written(tmp_path, FILE.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        read_bindings(path)
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


def test_a_loss_is_absent_or_called_not_both() -> None:
    with pytest.raises(ValueError, match="absent and has a call"):
        binding(absent="There is no such loss")


def test_only_the_forms_that_take_all_that_is_asked_serve() -> None:
    both = binding(
        module="somewhere.Squared",
        parameters={"weight": {"name": "weight", "forms": ("function",)}, "kind": "kind"},
    )
    assert both.forms("mean") == ("function", "module")
    assert both.forms("mean", ["weight"]) == ("function",)
    unreduced = binding(module="somewhere.Squared", reduced_by=("module",))
    assert unreduced.forms("mean") == ("module",)
    assert unreduced.forms("none") == ("function", "module")


PLANTED: list[tuple[dict[str, object], str]] = [
    ({"inputs": {"prediction": 0}}, "inputs: target is not answered"),
    ({"inputs": {"prediction": 0, "target": 1, "pred": 2}}, "inputs: pred is not in the spec"),
    ({"parameters": {"weight": "weight"}}, "parameters: kind is not answered"),
    ({"reductions": {"none": "none", "mean": "mean"}}, "reductions: sum is not answered"),
    ({"unsupported": {"colour": "No loss has a colour"}}, "unsupported: colour is not in the spec"),
    ({"unsupported": {"weight": "It takes no weights"}}, "unsupported: weight is bound too"),
    ({"conventions": {"empty-mean": "nan"}}, "conventions: empty-mean is not in the spec"),
    ({"rejects": {"nonsense": "ValueError"}}, "rejects: nonsense is not in the spec"),
    ({"unchecked": {"nonsense": "Nobody looks at it"}}, "unchecked: nonsense is not in the spec"),
    ({"not_differentiated": {"colour": "It has none"}}, "not_differentiated: colour is not"),
    (
        {"aliases": ({"id": "old", "reduction": "median", "arguments": {}, "warns": "Warning"},)},
        "aliases: median is not in the spec",
    ),
    ({"instead": {"kind": binding(inputs={})}}, "instead: kind: inputs: prediction is not"),
]


@pytest.mark.parametrize(("changes", "message"), PLANTED)
def test_a_binding_that_does_not_fit_its_spec_is_found(
    changes: dict[str, object], message: str
) -> None:
    assert list(unfit({"squared": binding()}, {"squared": loss()})) == []
    problems = list(unfit({"squared": binding(**changes)}, {"squared": loss()}))
    assert any(message in problem for problem in problems), problems


def test_a_choice_that_the_spec_does_not_have_is_found() -> None:
    convention = {"default": "kept", "choices": {"kept": {}, "mean": {}}}
    spec = loss(conventions={"last-axis": convention})
    wrong = binding(conventions={"last-axis": "median"})
    problems = list(unfit({"squared": wrong}, {"squared": spec}))
    assert problems == [
        "numpy: squared: conventions: last-axis: "
        "there is no choice 'median'; choices are kept, mean"
    ]


@pytest.mark.parametrize("text", OWN)
def test_the_suites_own_bindings_answer_every_spec(text: str) -> None:
    losses = load_library().losses
    assert list(unfit(load_bindings(Target.parse(text)), losses)) == []


def accepted(text: str, loss: str) -> set[str]:
    """The rejects that are listed as accepted in silence."""
    listed = load_known(Target.parse(text))
    return {case for each in listed if loss in each.loss for case in each.when.case}


@pytest.mark.parametrize("text", OWN)
def test_every_reject_that_can_be_asked_has_an_answer(text: str) -> None:
    bindings = load_bindings(Target.parse(text))
    for spec in load_library().losses.values():
        bound = bindings[spec.id]
        for reject in rejects(spec, "float32"):
            call = bind(reject.case, bound, spec, gradient=(), dtypes=reject.dtypes)
            answered = {*bound.rejects, *bound.unchecked, *accepted(text, spec.id)}
            assert not isinstance(call, Call) or reject.name in answered, (spec.id, reject.name)


@pytest.mark.parametrize("text", OWN)
def test_every_algorithm_named_is_registered(text: str) -> None:
    algorithms = pytest.importorskip("reference.algorithms")
    for name, bound in load_bindings(Target.parse(text)).items():
        for each in (bound, *bound.instead.values()):
            assert isinstance(each, Binding)
            if each.algorithm is not None:
                assert each.algorithm.value in algorithms.VALUES[name]
                assert each.algorithm.gradient in algorithms.GRADIENTS[name]
