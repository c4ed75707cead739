"""What else one might test a loss with: each peer says whether it finds fault with an implementation."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from reference import PROGRAMS
from tests.planted.catalogue import Planted

Tensor = torch.Tensor
Loss = Callable[..., Tensor]
OWN: Mapping[str, Loss] = MappingProxyType(
    {
        "l1": functional.l1_loss,
        "mse": functional.mse_loss,
        "nll": functional.nll_loss,
        "cross_entropy": functional.cross_entropy,
        "cross_entropy_probabilities": functional.cross_entropy,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
        "kl_divergence": functional.kl_div,
    }
)
OPINFO: Mapping[str, str] = MappingProxyType(
    {
        "l1": "l1_loss",
        "mse": "mse_loss",
        "nll": "nll_loss",
        "cross_entropy": "cross_entropy",
        "cross_entropy_probabilities": "cross_entropy",
        "binary_cross_entropy": "binary_cross_entropy",
        "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
        "kl_divergence": "kl_div",
    }
)
CLASS_WEIGHTS = ("nll", "cross_entropy", "cross_entropy_probabilities")
ROWS, CLASSES = 8, 5


@dataclass(frozen=True)
class Sample:
    """A call that torch's own function and an implementation can both be asked for."""

    inputs: tuple[Tensor, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)


class Different(AssertionError):
    """The implementation is found wrong."""


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


def evaluated(function: Loss, sample: Sample) -> list[Tensor | None]:
    """The value, and the gradient of its sum by every real input."""
    leaves = [
        each.detach().clone().requires_grad_() if each.is_floating_point() else each
        for each in sample.inputs
    ]
    value = function(*leaves, **sample.keywords)
    wanted = [each for each in leaves if each.requires_grad]
    return [value, *torch.autograd.grad(value.sum(), wanted, allow_unused=True)]


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


def opinfo(planted: Planted, function: Loss) -> None:
    """The samples that torch tests its own function with, in float32 and float64."""
    from torch.testing._internal.common_methods_invocations import op_db

    (entry,) = (each for each in op_db if each.name == f"nn.functional.{OPINFO[planted.loss]}")
    for dtype in (torch.float32, torch.float64):
        for given in entry.sample_inputs("cpu", dtype, requires_grad=True):
            sample = converted(planted.loss, given)
            if sample is not None:
                ours, own = sample
                _as_opinfo(function, ours, own, planted.loss)


def has_opinfo() -> bool:
    """Whether torch's own test data can be imported; that needs `expecttest`."""
    return importlib.util.find_spec("expecttest") is not None


def converted(loss: str, given: Any) -> tuple[Sample, Sample] | None:
    """A sample with the classes last, and as torch wants it; None where another loss is meant."""
    inputs = (given.input, *given.args)
    known = {"reduction", "weight", "pos_weight", "ignore_index", "label_smoothing", "log_target"}
    if len(inputs) != 2 or not set(given.kwargs) <= known:
        return None
    if inputs[1].is_floating_point() == (loss == "cross_entropy"):
        return None
    keywords = dict(given.kwargs)
    if loss == "binary_cross_entropy_with_logits" and inputs[0].shape != inputs[1].shape:
        return None
    if loss not in CLASS_WEIGHTS:
        return Sample(inputs, keywords), Sample(inputs, keywords)
    axis = min(1, inputs[0].ndim - 1)
    moved = tuple(
        each.movedim(axis, -1) if each.ndim == inputs[0].ndim else each for each in inputs
    )
    return Sample(moved, keywords), Sample(inputs, keywords)


def _as_opinfo(function: Loss, ours: Sample, own: Sample, loss: str) -> None:
    actual, expected = evaluated(function, ours), evaluated(OWN[loss], own)
    axis = min(1, own.inputs[0].ndim - 1)
    for found, due in zip(actual, expected, strict=True):
        if due is None:
            continue
        if found is None:
            raise Different("no gradient")
        moved = loss in CLASS_WEIGHTS and due.ndim == own.inputs[0].ndim and due is not expected[0]
        torch.testing.assert_close(found, due.movedim(axis, -1) if moved else due, equal_nan=True)


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

    @seed(0)
    @quiet
    @given(st.data(), st.sampled_from([(1, 3), (3, 5), (17, 2)]), st.sampled_from(["none", "sum", "mean"]))
    def holds(data: Any, shape: tuple[int, ...], reduction: str) -> None:
        inputs = _drawn(planted.loss, shape, lambda low, high, of=np.float32: data.draw(
            arrays(of, shape, elements=st.floats(low, high, width=32))
        ), lambda: data.draw(arrays(np.int64, shape[:-1], elements=st.integers(0, shape[-1] - 1))))  # fmt: skip
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


def _drawn(loss: str, shape: Any, reals: Callable[..., Any], indices: Callable[[], Any]) -> Any:
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
    if planted.framework != "torch" or (peer is opinfo and not has_opinfo()):
        return None
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            peer(planted, function_of(planted))
        except Exception:
            return True
    return False


