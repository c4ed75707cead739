"""How implementations order the same computation: programs with the signatures of the reference.

A program marks with `store` each point at which the implementation writes to memory in its storage
dtype. Which framework runs which program is stated in its binding, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from reference.algorithms import (
    binary,
    binary_logits,
    binary_moved,
    distribution,
    divergence,
    likelihood,
    regression,
    softmax,
    unreduced,
)
from reference.stable import Array, store
from reference.weights import (
    by_class,
    by_class_of_probabilities,
    by_entry,
    by_positive_weight,
    negated,
    together,
)

Program = Callable[..., Any]

VALUES: Mapping[str, Mapping[str, Program]] = MappingProxyType(
    {
        "l1": {"absolute_difference": regression.absolute_difference},
        "mse": {"squared_difference": regression.squared_difference},
        "nll": {"gathered": likelihood.gathered},
        "cross_entropy": {
            "log_softmax_then_gather": likelihood.log_softmax_then_gather,
            "log_sum_exp_less_target": softmax.log_sum_exp_less_target,
            "log_total_less_centred": softmax.log_total_less_centred,
            "gathered_then_masked": unreduced.gathered_then_masked,
            "one_hot_times_log_softmax": unreduced.one_hot_times_log_softmax,
        },
        "cross_entropy_probabilities": {
            "log_softmax_times_target": distribution.log_softmax_times_target,
            "target_times_log_total": distribution.target_times_log_total,
            "rows_times_target": unreduced.rows_times_target,
        },
        "binary_cross_entropy": {
            "clamped_logs": binary.clamped_logs,
            "clipped_probabilities": binary.clipped_probabilities,
            "clipped_then_clamped_logs": binary_moved.clipped_then_clamped_logs,
            "shifted_logs": binary_moved.shifted_logs,
        },
        "binary_cross_entropy_with_logits": {
            "log_sigmoid_subtracted": binary_logits.log_sigmoid_subtracted,
            "relu_less_product": binary_logits.relu_less_product,
            "two_log_sigmoids": binary_logits.two_log_sigmoids,
        },
        "kl_divergence": {
            "xlogy_less_product": divergence.xlogy_less_product,
            "log_ratio_times_target": divergence.log_ratio_times_target,
        },
    }
)

GRADIENTS: Mapping[str, Mapping[str, Program]] = MappingProxyType(
    {
        "l1": {"sign_times_cotangent": regression.absolute_difference_gradient},
        "mse": {
            "norm_times_difference": regression.norm_times_difference_gradient,
            "difference_times_cotangent": regression.squared_difference_gradient,
            "doubled_cotangent_times_difference": regression.doubled_cotangent_gradient,
            "doubled_scalar_cotangent": regression.doubled_scalar_cotangent_gradient,
        },
        "nll": {"scattered": likelihood.scattered_gradient},
        "cross_entropy": {
            "log_softmax_backward": likelihood.log_softmax_then_gather_gradient,
            "softmax_less_one_hot": softmax.softmax_less_one_hot_gradient,
            "log_sum_exp_autodiff": softmax.log_sum_exp_autodiff_gradient,
            "exponential_of_difference": softmax.exponential_of_difference_gradient,
            "gathered_then_masked": unreduced.gathered_then_masked_gradient,
            "one_hot_times_log_softmax": unreduced.one_hot_times_log_softmax_gradient,
        },
        "cross_entropy_probabilities": {
            "log_softmax_backward": distribution.log_softmax_times_target_gradient,
            "softmax_less_target": distribution.softmax_less_target_gradient,
            "log_softmax_autodiff": distribution.log_softmax_autodiff_gradient,
            "mass_times_softmax": distribution.mass_times_softmax_gradient,
            "rows_times_target": unreduced.rows_times_target_gradient,
        },
        "binary_cross_entropy": {
            "difference_over_variance": binary.clamped_logs_gradient,
            "autograd_through_clip": binary.clipped_probabilities_gradient,
            "clip_then_difference_over_variance": binary_moved.clipped_then_clamped_logs_gradient,
            "shifted_logs": binary_moved.shifted_logs_gradient,
            "autograd_of_two_logs": binary.two_logs_gradient,
            "two_quotients": binary.two_quotients_gradient,
        },
        "binary_cross_entropy_with_logits": {
            "sigmoid_less_target": binary_logits.sigmoid_less_target_gradient,
            "autograd_of_relu_form": binary_logits.relu_less_product_gradient,
            "two_log_sigmoids": binary_logits.two_log_sigmoids_gradient,
            "two_sigmoids": binary_logits.two_sigmoids_gradient,
        },
        "kl_divergence": {
            "autograd_of_terms": divergence.autograd_of_terms,
            "log_ratio_autodiff": divergence.log_ratio_times_target_gradient,
        },
    }
)

ONLY_STATED = frozenset({"gathered_then_masked", "one_hot_times_log_softmax", "rows_times_target"})
"""Programs of bindings that offer neither weights nor all kinds of smoothing: what they make of them
is not known, so that no callable whose order is unknown is judged by them."""


def _stored_costs(logits: Array, _: str) -> Array:
    return -likelihood.log_softmax(logits)


def _costs_below_the_whole(logits: Array, _: str) -> Array:
    return store(softmax.log_sum_exp(logits)) - logits


def _of_values(loss: str, slope: Callable[[Program], Program]) -> Mapping[str, Program]:
    """The slope by weights that each order of the value has, by the name of the value's program."""
    values = VALUES[loss].items()
    return {name: slope(program) for name, program in values if name not in ONLY_STATED}


WEIGHTS: Mapping[str, Mapping[str, Program]] = MappingProxyType(
    {
        "l1": _of_values("l1", lambda value: by_entry(value, store)),
        "mse": _of_values("mse", lambda value: by_entry(value, store)),
        "nll": _of_values("nll", lambda value: by_class(value, negated, store)),
        "cross_entropy": {
            **_of_values("cross_entropy", lambda value: by_class(value, _stored_costs, store)),
            "log_sum_exp_less_target": by_class(
                softmax.log_sum_exp_less_target, _costs_below_the_whole, store
            ),
        },
        "cross_entropy_probabilities": {
            "log_softmax_times_target": by_class_of_probabilities(_stored_costs, store)
        },
        "binary_cross_entropy": _of_values(
            "binary_cross_entropy", lambda value: by_entry(value, store)
        ),
        "binary_cross_entropy_with_logits": {
            **_of_values(
                "binary_cross_entropy_with_logits",
                lambda value: together(by_entry(value, store), by_positive_weight(store)),
            ),
            "autograd_of_relu_form": together(
                by_entry(binary_logits.relu_less_product, store),
                binary_logits.positive_weight_gradient,
            ),
        },
    }
)
"""Gradients by weights, under the names of the orders of value or gradient that they go with: few
frameworks differentiate by weights at all. torch composes them of single operations (functional.py,
mse_loss and l1_loss; LossNLL.cpp, cross_entropy_loss_prob_target)."""

_LOG, _UNMOVED = "log-of-zero", ("exact", "floor")
ONLY_UNDER: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "clamped_logs": (_LOG, _UNMOVED),
        "difference_over_variance": (_LOG, _UNMOVED),
        "autograd_of_two_logs": (_LOG, _UNMOVED),
        "two_quotients": (_LOG, _UNMOVED),
        "clipped_probabilities": (_LOG, ("clip",)),
        "autograd_through_clip": (_LOG, ("clip",)),
        "clipped_then_clamped_logs": (_LOG, ("clip",)),
        "clip_then_difference_over_variance": (_LOG, ("clip",)),
        "shifted_logs": (_LOG, ("shift",)),
        "softmax_less_target": ("target-mass", ("assumed-one",)),
        "norm_times_difference": ("last-axis", ("kept",)),
    }
)
"""Programs that are known under some choices of a convention alone: they compute nothing else.

log(1 - p) besides loses all digits of a small p, and passes in Keras because p is clipped there
first; a softmax less its target is the slope where the targets of a sample add up to one.
"""
