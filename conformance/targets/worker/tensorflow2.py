"""Adapter for TensorFlow: eager, or compiled by XLA with mode `xla`."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

import numpy as np
import tensorflow as tf
from direction import Direction, Moved
from protocol import Packed

_device = "cpu"
_mode: str = ""


def prepare(start: Dict[str, Any]) -> None:
    global _device, _mode
    if start["mode"] not in ("", "xla"):
        raise ValueError(f"TensorFlow has no mode {start['mode']}; there is xla")
    _device, _mode = start["device"], start["mode"]
    tf.config.threading.set_intra_op_parallelism_threads(start["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if _device == "cuda" and not tf.config.list_physical_devices("GPU"):
        raise RuntimeError("TensorFlow sees no GPU")


def facts() -> Dict[str, Any]:
    gpus = tf.config.list_physical_devices("GPU") if _device == "cuda" else []
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus[:1]]
    return {
        "framework": tf.__version__,
        "device": details[0].get("device_name", "cuda") if details else "cpu",
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "cuda": tf.sysconfig.get_build_info().get("cuda_version"),
    }


def namespaces() -> List[Any]:
    return [tf.math, tf.nn]


def transform(function: Callable[..., Any]) -> Callable[..., Any]:
    return tf.function(function, jit_compile=True) if _mode == "xla" else function


def construct(kind: Any, dtype: str, given: List[Any], named: Dict[str, Any]) -> Any:
    return kind(*given, **named)


def to_tensor(dtype: str, array: np.ndarray[Any, Any]) -> tf.Tensor:
    if dtype == "bfloat16":
        array = array.view(tf.bfloat16.as_numpy_dtype)
    return tf.constant(array)


def from_tensor(tensor: Any) -> Packed:
    if not isinstance(tensor, (tf.Tensor, tf.Variable)):
        raise TypeError(f"the callable returned {type(tensor).__name__}; a tf.Tensor is expected")
    array = np.asarray(tensor.numpy())
    if tensor.dtype == tf.bfloat16:
        return "bfloat16", array.view(np.uint16)
    return array.dtype.name, array


class Run:
    """A value and the tape that watched it come about."""

    def __init__(self, value: tf.Tensor, tape: tf.GradientTape, sources: List[tf.Tensor]) -> None:
        self.value = value
        self._tape = tape
        self._sources = sources

    def gradients(self, cotangent: Packed) -> List[Any]:
        seed = tf.cast(to_tensor(*cotangent), self.value.dtype)
        if seed.shape != self.value.shape:  # the tape would broadcast it in silence
            raise ValueError(f"cotangent of shape {seed.shape} for a value of {self.value.shape}")
        found = self._tape.gradient(self.value, self._sources, output_gradients=seed)
        return [None if each is None else tf.convert_to_tensor(each) for each in found]


def run(
    function: Callable[..., Any],
    invocation: Any,
    tensors: List[Any],
    wanted: List[int],
    cotangent: Optional[Packed],
) -> Run:
    sources = [tensors[place] for place in wanted]
    if not sources:
        return Run(function(*tensors), tf.GradientTape(), sources)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for source in sources:
            tape.watch(source)
        value = function(*tensors)
    return Run(value, tape, sources)


def directional(function: Callable[..., Any], tensors: List[Any], direction: Direction) -> Moved:
    """Forward accumulation; a tape around a tape; or forward accumulation through a tape."""
    tangents = [to_tensor(*each) for each in direction.tangents]
    sources = [tensors[place] for place in direction.wanted]
    if direction.derivative == "forward":
        with tf.autodiff.ForwardAccumulator(sources, tangents) as forward:
            value = function(*tensors)
        return Moved(value, forward.jvp(value), [], [])
    seed = to_tensor(*direction.cotangent)

    def gradients() -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for source in sources:
                tape.watch(source)
            value = function(*tensors)
        found = tape.gradient(value, sources, output_gradients=seed)
        return value, [None if each is None else tf.convert_to_tensor(each) for each in found]

    if direction.derivative == "reverse-over-reverse":
        with tf.GradientTape(watch_accessed_variables=False) as outer:
            for source in (*sources, seed):
                outer.watch(source)
            value, found = gradients()
        ends = [(each, along) for each, along in zip(found, tangents) if each is not None]
        *curvature, moved = outer.gradient(
            [each for each, _ in ends],
            [*sources, seed],
            output_gradients=[along for _, along in ends],
        )
        return Moved(value, _tensor(moved), found, [_tensor(each) for each in curvature])
    with tf.autodiff.ForwardAccumulator(sources, tangents) as forward:
        value, found = gradients()
    moved = [None if each is None else forward.jvp(each) for each in found]
    return Moved(value, forward.jvp(value), found, moved)


def _tensor(gradient: Any) -> Any:
    return None if gradient is None else tf.convert_to_tensor(gradient)
