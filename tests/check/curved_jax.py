"""A squared error of JAX whose own backward gives a gradient that does not move."""

import jax


@jax.custom_vjp
def flat(prediction, target):
    return (prediction - target) ** 2


def _forward(prediction, target):
    return flat(prediction, target), (prediction, target)


def _backward(saved, grad):
    prediction, target = saved
    slope = 2 * jax.lax.stop_gradient(prediction - target) * grad
    return slope, -slope


flat.defvjp(_forward, _backward)
