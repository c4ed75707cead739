"""The losses as float64 NumPy programs: stable, vectorised, value and gradient side by side."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reference import binary, classification, divergence, regression, weights
from reference.logits import cost
from reference.stable import Array


class Program(NamedTuple):
    """A loss, its gradients by inputs, and those by weights, called with the same keywords.

    `weights` is None where the loss has none; it is given every keyword.
    """

    value: Callable[..., Array]
    gradient: Callable[..., dict[str, Array]]
    weights: Callable[..., dict[str, Array]] | None = None


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "l1": Program(regression.l1, regression.l1_gradient, weights.by_entry(regression.l1)),
        "mse": Program(regression.mse, regression.mse_gradient, weights.by_entry(regression.mse)),
        "nll": Program(
            classification.nll,
            classification.nll_gradient,
            weights.by_class(classification.nll, weights.negated),
        ),
        "cross_entropy": Program(
            classification.cross_entropy,
            classification.cross_entropy_gradient,
            weights.by_class(classification.cross_entropy, cost),
        ),
        "cross_entropy_probabilities": Program(
            classification.cross_entropy_probabilities,
            classification.cross_entropy_probabilities_gradient,
            weights.by_class_of_probabilities(cost),
        ),
        "binary_cross_entropy": Program(
            binary.binary_cross_entropy,
            binary.binary_cross_entropy_gradient,
            weights.by_entry(binary.binary_cross_entropy),
        ),
        "binary_cross_entropy_with_logits": Program(
            binary.binary_cross_entropy_with_logits,
            binary.binary_cross_entropy_with_logits_gradient,
            weights.together(
                weights.by_entry(binary.binary_cross_entropy_with_logits),
                weights.by_positive_weight(),
            ),
        ),
        "kl_divergence": Program(divergence.kl_divergence, divergence.kl_divergence_gradient),
    }
)

__all__ = ["PROGRAMS", "Program"]
