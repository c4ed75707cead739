"""The losses as float64 NumPy programs: stable, vectorised, value and gradient side by side."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reference import binary, classification, divergence, regression
from reference.stable import Array


class Program(NamedTuple):
    """A loss and its gradients, called with the same inputs and keywords."""

    value: Callable[..., Array]
    gradient: Callable[..., dict[str, Array]]


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "l1": Program(regression.l1, regression.l1_gradient),
        "mse": Program(regression.mse, regression.mse_gradient),
        "nll": Program(classification.nll, classification.nll_gradient),
        "cross_entropy": Program(
            classification.cross_entropy, classification.cross_entropy_gradient
        ),
        "cross_entropy_probabilities": Program(
            classification.cross_entropy_probabilities,
            classification.cross_entropy_probabilities_gradient,
        ),
        "binary_cross_entropy": Program(
            binary.binary_cross_entropy, binary.binary_cross_entropy_gradient
        ),
        "binary_cross_entropy_with_logits": Program(
            binary.binary_cross_entropy_with_logits,
            binary.binary_cross_entropy_with_logits_gradient,
        ),
        "kl_divergence": Program(divergence.kl_divergence, divergence.kl_divergence_gradient),
    }
)

__all__ = ["PROGRAMS", "Program"]
