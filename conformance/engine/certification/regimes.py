"""Inputs of every regime for every loss, over the whole of float64, small enough for ball arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.specs.models import Loss

REGIMES = (
    "typical", "wide", "tails", "cancelling", "hard", "ties", "subnormal", "extremes", "masked",
)  # fmt: skip
BATCH, CLASSES = (2, 3), 4
ETA, TINY, HUGE = 2.0**-1074, 2.0**-1022, float(np.finfo(np.float64).max)
EXTREME = np.array(
    [0.0, -0.0, ETA, -ETA, TINY, 1.0, -1.0, 30.0, -37.5, 709.0, -745.0, 1e4, -1e4, HUGE, -HUGE]
)
EDGES = np.array(
    [0.0, -0.0, 1.0, ETA, TINY, 2.0**-53, 1.0 - 2.0**-53, 0.25, 0.5, 0.75, 1e-7, 1e-300]
)


@dataclass(frozen=True)
class Draw:
    """A source of numbers of one regime, of the shape asked for."""

    regime: str
    random: np.random.Generator

    def real(self, shape: tuple[int, ...]) -> np.ndarray:
        signs = self.random.choice([-1.0, 1.0], shape)
        match self.regime:
            case "wide":
                top = self.random.choice([308.0, 38.0, 4.0, -30.0], shape)
                return signs * 10.0 ** self.random.uniform(-324.0, top)
            case "tails":
                return self.random.uniform(-800.0, 800.0, shape)
            case "ties":
                return self.random.integers(-1, 2, shape) * 1.0
            case "subnormal":
                return signs * ETA * self.random.integers(0, 5, shape)
            case "extremes":
                return self.random.choice(EXTREME, shape)
            case "masked":
                bare = self.random.standard_normal(shape)
                return np.where(self.random.random(shape) < 0.4, -np.inf, bare)
            case "cancelling":
                return 1.0 + ETA**0.04 * self.random.standard_normal(shape)
        return 3.0 * self.random.standard_normal(shape)

    def unit(self, shape: tuple[int, ...]) -> np.ndarray:
        match self.regime:
            case "wide" | "tails":
                small = 10.0 ** self.random.uniform(-323.0, 0.0, shape)
                near = 1.0 - 2.0 ** -self.random.uniform(1.0, 53.0, shape)
                return np.where(self.random.random(shape) < 0.5, small, near)
            case "hard":
                return self.random.integers(0, 2, shape) * 1.0
            case "ties":
                return self.random.choice([0.25, 0.5, 0.75], shape)
            case "subnormal":
                return ETA * self.random.integers(0, 5, shape)
            case "extremes" | "masked":
                return self.random.choice(EDGES, shape)
            case "cancelling":
                scale = self.random.choice([2.0**-8, 2.0**-40], shape)
                return 0.5 + scale * self.random.standard_normal(shape)
        return self.random.random(shape)

    def positive(self, shape: tuple[int, ...]) -> np.ndarray:
        """Weights, some of which outweigh all others, with a zero among them."""
        drawn = np.exp(4.0 * self.random.standard_normal(shape))
        return np.where(self.random.random(shape) < 0.15, 0.0, drawn)


def inputs_of(
    loss: Loss, draw: Draw, parameters: Mapping[str, Any], batch: tuple[int, ...] = BATCH
) -> dict[str, np.ndarray]:
    """Draw inputs in their domains; the second follows the first where the regime is cancelling."""
    drawn: dict[str, np.ndarray] = {}
    ignored = parameters.get("ignore_index", -100)
    for name, given in loss.inputs.items():
        shape = batch + ((CLASSES,) if given.shape == "*batch classes" else ())
        domain = given.domain(dict(parameters))
        if given.kind == "class_index":
            index = draw.random.integers(0, CLASSES, shape)
            drawn[name] = np.where(draw.random.random(shape) < 0.2, ignored, index)
        elif domain.low == 0.0:
            drawn[name] = draw.unit(shape)
        else:
            real = draw.real(shape)
            drawn[name] = np.where(real > 0, -real, real) if domain.high == 0.0 else real
    if draw.regime == "masked" and loss.id == "binary_cross_entropy_with_logits":
        # by the target the formula has no slope where an infinity meets a hard one
        drawn["target"] = draw.random.random(batch)
    if draw.regime == "cancelling":
        _bring_together(loss, drawn, draw, bool(parameters.get("log_target")))
    return drawn


def _bring_together(loss: Loss, drawn: dict[str, np.ndarray], draw: Draw, log_target: bool) -> None:
    first, second = loss.inputs
    near = 1.0 + 2.0**-45 * draw.random.integers(-3, 4, drawn[second].shape)
    match loss.id:
        case "l1" | "mse" | "binary_cross_entropy":
            drawn[second] = drawn[first] * near
        case "kl_divergence":
            drawn[second] = np.clip(draw.random.random(near.shape), 1e-3, 1.0)
            drawn[first] = np.minimum(np.log(drawn[second]) * near, 0.0)
            if log_target:
                drawn[second] = drawn[first] * near
        case "binary_cross_entropy_with_logits":
            drawn[first] = draw.random.choice([1e-300, -1e-18, 1e-9, 0.3, -1.1], near.shape)
            drawn[second] = 1.0 / (1.0 + np.exp(-drawn[first])) * near


def parameters_of(loss: Loss, draw: Draw) -> Iterator[dict[str, Any]]:
    """Every parameter at its default, each by itself elsewhere, and all together.

    Real numbers are arrays without axes, so that the arithmetic on them is accounted for too.
    """
    moved: dict[str, Any] = {}
    for name, parameter in loss.parameters.items():
        if parameter.kind == "boolean":
            moved[name] = not parameter.default
        elif parameter.kind == "integer":
            moved[name] = 1
        elif parameter.shape is None:
            moved[name] = np.asarray(0.1)
        else:
            classes = parameter.shape == "classes"
            moved[name] = draw.positive((CLASSES,) if classes else BATCH[-1:])
    yield {}
    for name, value in moved.items():
        yield {name: value}
    if len(moved) > 1:
        yield moved


ARGUMENTS = {"floor(value)": "-100", "floor(least)": "1e-12", "value(slope)": "1"}


def choices_of(loss: Loss) -> Iterator[dict[str, str]]:
    """Every choice that is not the norm's, by itself; and the two that go together in practice."""
    for name, convention in loss.conventions.items():
        for form in convention.choices:
            stem, _, argument = form.partition("(")
            text = f"{stem}({ARGUMENTS.get(form, '1e-7')})" if argument else form
            if text != convention.default:
                yield loss.choices({name: text})
    if "saturated-gradient" in loss.conventions:
        yield loss.choices({"log-of-zero": "floor(-100)", "saturated-gradient": "floor(1e-12)"})
