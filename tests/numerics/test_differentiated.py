"""Differentiated programs: right, against the oracle; and sound, under the worst arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from conformance.numerics import overlay
from conformance.numerics.arithmetic import IDEAL64, Arithmetic
from conformance.numerics.bounded import Bounded
from conformance.numerics.differentiated import (
    along_gradient,
    pulled,
    pulled_apart,
    pushed,
    pushed_apart,
)
from conformance.numerics.formats import BFLOAT16, FLOAT32, FORMATS, round_to
from conformance.numerics.moving import Moving
from conformance.numerics.recorded import Recorded, walked_back
from conformance.oracle import Directional, directional, evaluate, midpoints, radii
from conformance.specs.library import load_library
from reference import PROGRAMS
from reference.algorithms import GRADIENTS, ONLY_UNDER, VALUES, binary_logits, likelihood
from tests.numerics.noise import Noisy

LOSSES = load_library().losses


class Question:
    """A small call of a loss along a direction, and the oracle's answer."""

    def __init__(self, name: str, reduction: str) -> None:
        loss, draw = LOSSES[name], np.random.default_rng(5)
        self.inputs, self.tangents = {}, {}
        for each, spec in loss.inputs.items():
            shape = (3, 4) if "classes" in spec.shape else (3,)
            if spec.kind == "class_index":
                self.inputs[each] = np.array([0, 3, 1])
            else:
                self.inputs[each] = draw.uniform(0.1, 0.9, shape)
                self.tangents[each] = draw.standard_normal(shape)
        self.keywords = {"reduction": reduction}
        self.shape = evaluate(loss, self.inputs, {}, reduction).shape
        self.cotangent = draw.standard_normal(self.shape)
        self.truth: Directional = directional(
            loss, self.inputs, {}, self.tangents, reduction, None, self.cotangent
        )
        self.names = [*loss.inputs]
        self.moving = {self.names.index(each): v for each, v in self.tangents.items()}

    def excess(self, found: Bounded, name: str = "") -> float:
        """How far off, in bounds; the truth's own error is allowed for."""
        truth = self.truth.second[name] if name else self.truth.forward
        middle = midpoints(truth)
        allowed = found.bound + radii(truth) + 2.0**-52 * np.abs(middle) + 2.0**-1000
        return float(np.max(np.abs(found.value - middle) / allowed))


def questions() -> Iterator[tuple[str, str]]:
    for name, loss in LOSSES.items():
        for reduction in loss.reductions:
            yield name, reduction


@pytest.mark.parametrize(("name", "reduction"), [*questions()])
def test_every_order_of_a_value_moves_as_the_oracle_says(name: str, reduction: str) -> None:
    asked = Question(name, reduction)
    given = (tuple(asked.inputs.values()), asked.keywords, asked.moving)
    for program in (PROGRAMS[name].value, *usual(VALUES[name])):
        for follow in (pushed, pushed_apart):
            assert asked.excess(follow(program, IDEAL64, *given)[""]) <= 1.0
    whole = (*given[0], np.ones(asked.shape))
    for program in (PROGRAMS[name].gradient, *usual(GRADIENTS[name])):
        found = along_gradient(
            program, IDEAL64, whole, asked.keywords, asked.moving, asked.names, asked.shape
        )
        assert asked.excess(found) <= 1.0


@pytest.mark.parametrize(("name", "reduction"), [*questions()])
def test_every_order_of_a_gradient_moves_as_the_oracle_says(name: str, reduction: str) -> None:
    asked = Question(name, reduction)
    given = ((*asked.inputs.values(), asked.cotangent), asked.keywords, asked.moving)
    for program in (PROGRAMS[name].gradient, *usual(GRADIENTS[name])):
        runs = [follow(program, IDEAL64, *given) for follow in (pushed, pushed_apart)]
        runs += [follow(program, IDEAL64, *given, asked.names) for follow in (pulled, pulled_apart)]
        for found in runs:
            for each in asked.tangents:
                assert asked.excess(found[each], each) <= 1.0


def usual(programs):
    return [program for name, program in programs.items() if name not in ONLY_UNDER]


def test_a_wrong_slope_of_one_operation_is_caught_both_ways(monkeypatch) -> None:
    wrong = {**overlay.SLOPES, "exp": (lambda flow, result, a: flow * a,)}
    asked = Question("cross_entropy", "none")
    given = ((*asked.inputs.values(), asked.cotangent), asked.keywords, asked.moving)
    program = PROGRAMS["cross_entropy"].gradient
    for module, follow in (("moving", pushed), ("recorded", pulled)):
        monkeypatch.setattr(f"conformance.numerics.{module}.SLOPES", wrong)
        words = (asked.names,) if follow is pulled else ()
        found = follow(program, IDEAL64, *given, *words)["logits"]
        monkeypatch.undo()
        assert asked.excess(found, "logits") > 1e6


PROGRAMS_WITH_NOISE = {
    "cross_entropy": likelihood.log_softmax_then_gather_gradient,
    "binary_cross_entropy_with_logits": binary_logits.sigmoid_less_target_gradient,
    "kl_divergence": GRADIENTS["kl_divergence"]["autograd_of_terms"],
}


@pytest.mark.parametrize("name", PROGRAMS_WITH_NOISE)
@pytest.mark.parametrize("form", [FLOAT32, BFLOAT16], ids=lambda each: each.name)
def test_noise_within_the_model_stays_within_the_bounds_of_derivatives(name: str, form) -> None:
    """Every step errs by the most that the model permits, in the program and in its derivative."""
    random, program = np.random.default_rng(9), PROGRAMS_WITH_NOISE[name]
    under = Arithmetic(form, FLOAT32, FLOAT32, each_op=True, strict_order=True)
    shares = []
    for _ in range(20):
        asked = rounded(Question(name, "none"), form, random)
        arguments, names = (*asked.inputs.values(), asked.cotangent), asked.names
        exact = overlaid(program, asked, lambda each: each, forward=True)
        bounds = pushed(program, under, arguments, asked.keywords, asked.moving)
        noisy = overlaid(program, asked, lambda each: Noisy(each, under, random), forward=True)
        shares += [share(noisy[k], exact[k], bounds[k]) for k in exact]
        exact = overlaid(program, asked, lambda each: each, forward=False)
        bounds = pulled(program, under, arguments, asked.keywords, asked.moving, names)
        noisy = overlaid(program, asked, lambda each: Noisy(each, under, random), forward=False)
        shares += [share(noisy[k], exact[k], bounds[k]) for k in exact]
    assert max(shares) <= 1.0
    assert max(shares) > 0.05


def rounded(asked: Question, form, random) -> Question:
    for name in asked.tangents:
        given = asked.inputs[name]
        asked.inputs[name] = round_to(random.uniform(0.1, 0.9, given.shape), form)
        asked.tangents[name] = round_to(random.standard_normal(given.shape), form)
    asked.cotangent = round_to(random.standard_normal(asked.shape), form)
    asked.moving = {asked.names.index(each): v for each, v in asked.tangents.items()}
    return asked


def overlaid(program, asked: Question, lay, *, forward: bool) -> dict[str, np.ndarray]:
    """The derivative of a gradient program on arrays made by `lay`; every one of them is laid over."""
    arguments = dict(asked.inputs)
    for name, tangent in asked.tangents.items():
        value = lay(arguments[name])
        arguments[name] = Moving(value, lay(tangent)) if forward else Recorded(value)
    along = lay(asked.cotangent)
    still = Moving(along, lay(np.zeros(asked.shape))) if forward else Recorded(along)
    result = program(*arguments.values(), still, **asked.keywords)
    if forward:
        found = {name: each.tangent for name, each in result.items()}
    else:
        ends = {name: (result[name], lay(tangent)) for name, tangent in asked.tangents.items()}
        found = walked_back(ends, {name: arguments[name] for name in asked.tangents})
    return {name: np.asarray(getattr(each, "value", each)) for name, each in found.items()}


def share(noisy: np.ndarray, exact: np.ndarray, bound: Bounded) -> float:
    error = np.abs(noisy - exact)
    allowed = np.maximum(bound.bound, FORMATS["bfloat16"].smallest_subnormal)
    return float(np.max(np.where(error == 0, 0.0, error / allowed)))


def test_an_operation_without_a_slope_is_refused() -> None:
    x = Moving(np.ones(2), np.ones(2))
    with pytest.raises(KeyError):
        np.arctan(x)
    with pytest.raises(TypeError, match="an operation without a derivative"):
        np.asarray(x)


def test_slopes_go_back_to_where_elements_were_taken_from() -> None:
    x = Recorded(np.arange(6.0).reshape(2, 3))
    taken = np.take_along_axis(x, np.array([[2], [0]]), axis=-1)
    found = walked_back({"x": (np.squeeze(taken, -1), np.array([5.0, 7.0]))}, {"x": x})
    assert found["x"].tolist() == [[0.0, 0.0, 5.0], [7.0, 0.0, 0.0]]
