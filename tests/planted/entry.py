"""Callables with the signatures that `check` asks for, made of a kernel."""

from __future__ import annotations

from collections.abc import Callable

from tests.planted.kernel import Runs, Tensor, run

Loss = Callable[..., Tensor]


def regression(kernel: Runs) -> Loss:
    """An l1 or an mse."""

    def loss(
        prediction: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        return run(kernel, (prediction, target), reduction, weight=weight)

    return loss


def nll(kernel: Runs) -> Loss:
    def loss(
        log_probabilities: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> Tensor:
        inputs = (log_probabilities, target)
        return run(kernel, inputs, reduction, weight=weight, ignore_index=ignore_index)

    return loss


def cross_entropy(kernel: Runs) -> Loss:
    def loss(
        logits: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Tensor:
        return run(
            kernel, (logits, target), reduction,
            weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing,
        )  # fmt: skip

    return loss


def class_shares(kernel: Runs) -> Loss:
    """A cross_entropy_probabilities."""

    def loss(
        logits: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Tensor:
        inputs = (logits, target)
        return run(kernel, inputs, reduction, weight=weight, label_smoothing=label_smoothing)

    return loss


def binary(kernel: Runs) -> Loss:
    """A binary_cross_entropy."""

    def loss(
        probabilities: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        return run(kernel, (probabilities, target), reduction, weight=weight)

    return loss


def binary_logits(kernel: Runs) -> Loss:
    """A binary_cross_entropy_with_logits."""

    def loss(
        logits: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        pos_weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        return run(kernel, (logits, target), reduction, weight=weight, pos_weight=pos_weight)

    return loss


def divergence(kernel: Runs) -> Loss:
    """A kl_divergence."""

    def loss(
        log_probabilities: Tensor,
        target: Tensor,
        *,
        log_target: bool = False,
        reduction: str = "mean",
    ) -> Tensor:
        return run(kernel, (log_probabilities, target), reduction, log_target=log_target)

    return loss
