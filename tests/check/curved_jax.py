"""A squared error of JAX whose own backward gives a gradient that does not move."""

import jax


def flat(prediction, target):
    return _square(prediction, target)


@jax.custom_vjp
def _square(prediction, target):
    return (prediction - target) ** 2


def _forward(prediction, target):
    return _square(prediction, target), (prediction, target)


def _backward(saved, grad):
    prediction, target = saved
    slope = 2 * jax.lax.stop_gradient(prediction - target) * grad
    return slope, -slope


_square.defvjp(_forward, _backward)
