"""JAX implementations: faults, and correct forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Array = Any


def _checked(first: Array, second: Array, reduction: str) -> None:
    if first.shape != second.shape or not jnp.issubdtype(first.dtype, jnp.floating):
        raise ValueError("two arrays of real numbers and of one shape are expected")
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}")


def _reduced(losses: Array, reduction: str) -> Array:
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.mean()


def _l1(distance: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def l1(prediction, target, reduction="mean"):
        _checked(prediction, target, reduction)
        return _reduced(distance(prediction, target), reduction).astype(prediction.dtype)

    return l1


@jax.custom_jvp
def _distance(gap: Array) -> Array:
    return jnp.abs(gap)


@_distance.defjvp
def _distance_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    """jnp.abs has slope 1 at zero; the norm is 0."""
    (gap,), (moved,) = primals, tangents
    slope = jnp.where(jnp.isnan(gap), gap, jnp.sign(gap))
    return jnp.abs(gap), slope * moved


l1_in_jax = _l1(lambda p, t: _distance(p - t))
jax_masked_root = _l1(lambda p, t: jnp.where(p == t, 0.0, jnp.sqrt((p - t) ** 2)))
jax_stopped_target = _l1(lambda p, t: _distance(p - jax.lax.stop_gradient(t)))
jax_in_bfloat16 = _l1(lambda p, t: _distance(p - t).astype(jnp.bfloat16))


def _mse(square: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def mse(prediction, target, reduction="mean"):
        _checked(prediction, target, reduction)
        return _reduced(square(prediction, target), reduction).astype(prediction.dtype)

    return mse


@jax.custom_vjp
def _square_with_a_constant_slope(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2


def _kept(prediction: Array, target: Array) -> tuple[Array, tuple[Array, Array]]:
    return (prediction - target) ** 2, (prediction, target)


def _stopped(saved: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    slope = cotangent * (2 * jax.lax.stop_gradient(saved[0] - saved[1]))
    return slope.astype(saved[0].dtype), -slope.astype(saved[1].dtype)


_square_with_a_constant_slope.defvjp(_kept, _stopped)


@jax.custom_jvp
def _gap(prediction: Array, target: Array) -> Array:
    return prediction - target


@_gap.defjvp
def _gap_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    """As of a mean of two: the half belongs nowhere here."""
    return primals[0] - primals[1], (tangents[0] - tangents[1]) / 2


@jax.custom_jvp
def _square_of_gap(prediction: Array, target: Array) -> Array:
    return (prediction - target) ** 2


@_square_of_gap.defjvp
def _square_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    slope = 2 * _gap(*primals)
    return _square_of_gap(*primals), slope * tangents[0] - slope * tangents[1]


jax_slope_stopped = _mse(_square_with_a_constant_slope)
jax_second_halved = _mse(_square_of_gap)
