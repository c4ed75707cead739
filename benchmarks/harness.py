"""The peer: a harness as it is written by hand, with Hypothesis, torch and `assert_allclose`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

SHAPES = [(1,), (3,), (17,), (65,), (17, 2), (3, 5), (2, 3, 2)]
"""About as large as Hypothesis fills element by element."""

EVERY = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@dataclass(frozen=True)
class Pair:
    """A framework's function and the float64 programs it is compared with."""

    function: Callable[..., Any]
    value: Callable[..., Any]
    gradient: Callable[..., Any]
    target: tuple[float, float]
    """Least and largest element of the target."""


def pairs(torch: Any) -> dict[str, Pair]:
    """The elementwise losses of the bulk figure."""
    import reference as ours

    functional = torch.nn.functional
    found = {}
    for name, function, limits in (
        ("l1", functional.l1_loss, (-1e3, 1e3)),
        ("mse", functional.mse_loss, (-1e3, 1e3)),
        (
            "binary_cross_entropy_with_logits",
            functional.binary_cross_entropy_with_logits,
            (0.0, 1.0),
        ),
    ):
        program = ours.PROGRAMS[name]
        found[name] = Pair(function, program.value, program.gradient, limits)
    return found


Compared = list[tuple[int, tuple[Any, ...]]]
"""Of each array that was compared: its elements, and the inputs that they belong to."""


def verify(torch: Any, pair: Pair, examples: int, seed: int, *, fill: bool) -> Compared:
    """Run that many examples; what was compared, values and gradients.

    With `fill` Hypothesis draws a few elements of an array and repeats one in the rest, which is
    its default; without, it draws each.
    """
    compared: Compared = []
    rest = None if fill else st.nothing()

    def filled(shape: tuple[int, ...], low: float, high: float) -> st.SearchStrategy[Any]:
        return arrays(np.float32, shape, elements=st.floats(low, high, width=32), fill=rest)

    @seeded(seed)
    @settings(EVERY, max_examples=examples)
    @given(st.data(), st.sampled_from(SHAPES), st.sampled_from(["none", "mean", "sum"]))
    def property_holds(data: Any, shape: tuple[int, ...], reduction: str) -> None:
        first = data.draw(filled(shape, -1e3, 1e3))
        second = data.draw(filled(shape, *pair.target))
        compared.extend(_compared(torch, pair, first, second, reduction))

    property_holds()
    return compared


def _compared(torch: Any, pair: Pair, first: Any, second: Any, reduction: str) -> Compared:
    leaves = [torch.tensor(each, requires_grad=True) for each in (first, second)]
    value = pair.function(*leaves, reduction=reduction)
    cotangent = np.ones(value.shape)
    gradients = torch.autograd.grad(value, leaves, torch.ones_like(value))
    wide = [each.astype(np.float64) for each in (first, second)]
    expected = pair.value(*wide, reduction=reduction)
    derived = pair.gradient(*wide, cotangent, reduction=reduction)
    found = [value.detach(), *gradients]
    for actual, desired in zip(found, [expected, *derived.values()], strict=True):
        np.testing.assert_allclose(actual.numpy(), desired, rtol=1e-4, atol=1e-3)
    return [(each.numel(), (first, second)) for each in found]


def different(compared: Compared) -> int:
    """Elements whose inputs differ from those of the others in their array.

    An array that repeats one number verifies an elementwise loss at one number.
    """
    return sum(min(count, _distinct(inputs)) for count, inputs in compared)


def _distinct(inputs: tuple[Any, ...]) -> int:
    rows = np.stack([np.asarray(each, dtype=np.float64).reshape(-1) for each in inputs])
    return int(np.unique(rows, axis=1).shape[1])
