"""What else one might test a loss with: each peer says whether it finds fault with an implementation."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from reference import PROGRAMS
from tests.planted.catalogue import Planted
from tests.planted.opinfo import available, opinfo
from tests.planted.sampling import CLASS_WEIGHTS, OWN, Different, Loss, Sample, evaluated

Tensor = torch.Tensor
ROWS, CLASSES = 8, 5


def function_of(planted: Planted) -> Loss:
    module, _, name = planted.place.partition(":")
    return getattr(importlib.import_module(module), name)


def normal_inputs(loss: str, dtype: torch.dtype, shape: tuple[int, ...] = (ROWS, CLASSES)) -> Any:
    """Random normal numbers, brought into the domain of each input."""
    x, y = torch.randn(shape, dtype=dtype), torch.randn(shape, dtype=dtype)
    index = torch.randint(0, shape[-1], shape[:-1])
    return {
        "l1": (x, y),
        "mse": (x, y),
        "nll": (x.log_softmax(-1), index),
        "cross_entropy": (x, index),
        "cross_entropy_probabilities": (x, y.softmax(-1)),
        "binary_cross_entropy": (x.sigmoid(), y.sigmoid()),
        "binary_cross_entropy_with_logits": (x, y.sigmoid()),
        "kl_divergence": (x.log_softmax(-1), y.softmax(-1)),
    }[loss]


def keywords_of(loss: str, dtype: torch.dtype) -> Iterator[dict[str, Any]]:
    """Every reduction, without weights and with them."""
    for reduction in ("none", "sum", "mean"):
        yield {"reduction": reduction}
        if loss != "kl_divergence":
            shape = (CLASSES,) if loss in CLASS_WEIGHTS else (ROWS, CLASSES)
            yield {"reduction": reduction, "weight": torch.rand(shape, dtype=dtype) + 0.5}
    if loss == "kl_divergence":
        yield {"reduction": "batchmean"}


def compare(function: Loss, own: Loss, sample: Sample, **tolerances: float) -> None:
    actual, expected = evaluated(function, sample), evaluated(own, sample)
    for found, due in zip(actual, expected, strict=True):
        if due is None:  # torch's own has no such gradient
            continue
        if found is None:
            raise Different("no gradient")
        torch.testing.assert_close(found, due, equal_nan=True, **tolerances)


def assert_close(planted: Planted, function: Loss) -> None:
    """torch.testing.assert_close against torch's own function, its default tolerances."""
    for dtype in (torch.float32, torch.float64):
        for keywords in keywords_of(planted.loss, dtype):
            sample = Sample(normal_inputs(planted.loss, dtype), keywords)
            compare(function, OWN[planted.loss], sample)


def gradcheck(planted: Planted, function: Loss) -> None:
    """Numerical derivatives of the implementation itself, in float64."""
    for keywords in keywords_of(planted.loss, torch.float64):
        inputs = [
            each.detach().requires_grad_() if each.is_floating_point() else each
            for each in normal_inputs(planted.loss, torch.float64)
        ]

        def call(*given: Tensor, keywords: Any = keywords) -> Tensor:
            return function(*given, **keywords)

        torch.autograd.gradcheck(call, inputs)


def hypothesis(planted: Planted, function: Loss) -> None:
    """Hypothesis's arrays and assert_allclose against the float64 reference, as written by hand."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st
    from hypothesis.extra.numpy import arrays

    quiet = settings(
        database=None, deadline=None, phases=[Phase.generate], max_examples=50,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    program = PROGRAMS[planted.loss]

    shapes = st.sampled_from([(1, 3), (3, 5), (17, 2)])

    @seed(0)
    @quiet
    @given(st.data(), shapes, st.sampled_from(["none", "sum", "mean"]))
    def holds(data: Any, shape: tuple[int, ...], reduction: str) -> None:
        def reals(low: float, high: float) -> Any:
            return data.draw(arrays(np.float32, shape, elements=st.floats(low, high, width=32)))

        def indices() -> Any:
            return data.draw(arrays(np.int64, shape[:-1], elements=st.integers(0, shape[-1] - 1)))

        inputs = _drawn(planted.loss, reals, indices)
        sample = Sample(tuple(map(torch.from_numpy, inputs)), {"reduction": reduction})
        found = evaluated(function, sample)
        wide = [each.astype(np.float64) if each.dtype.kind == "f" else each for each in inputs]
        value = program.value(*wide, reduction=reduction)
        slopes = program.gradient(*wide, np.ones(np.shape(value)), reduction=reduction)
        for actual, desired in zip(found, [value, *slopes.values()], strict=True):
            if actual is None:
                raise Different("no gradient")
            np.testing.assert_allclose(actual.detach().numpy(), desired, rtol=1e-4, atol=1e-3)

    holds()


def _drawn(loss: str, reals: Callable[..., Any], indices: Callable[[], Any]) -> Any:
    """Numbers from a modest range, as harnesses draw them; probabilities clear of 0 and 1."""
    if loss in ("l1", "mse"):
        return reals(-10.0, 10.0), reals(-10.0, 10.0)
    if loss in ("nll", "cross_entropy"):
        return reals(-10.0, 10.0), indices()
    if loss == "binary_cross_entropy":
        return reals(0.0625, 0.9375), reals(0.0, 1.0)
    if loss == "kl_divergence":
        return reals(-10.0, 0.0), reals(0.0625, 1.0)
    return reals(-10.0, 10.0), reals(0.0, 1.0)


Peer = Callable[[Planted, Loss], None]
PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "assert_close": assert_close,
        "gradcheck": gradcheck,
        "opinfo": opinfo,
        "hypothesis": hypothesis,
    }
)


def verdict(peer: Peer, planted: Planted) -> bool | None:
    """Whether the peer complains; an exception of the implementation is a complaint."""
    if planted.framework != "torch" or (peer is opinfo and not available()):
        return None
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            peer(planted, function_of(planted))
        except Exception:
            return True
    return False
