"""A squared error of TensorFlow whose own backward gives a gradient that does not move."""

import tensorflow as tf


def flat(prediction, target):
    return _square(prediction, target)


@tf.custom_gradient
def _square(prediction, target):
    def gradient(grad):
        slope = 2 * tf.stop_gradient(prediction - target) * grad
        return slope, -slope

    return tf.square(prediction - target), gradient
