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
