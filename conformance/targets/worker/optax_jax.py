"""Adapter for JAX and Optax: eager, or compiled with mode `jit`."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import Any, Callable, Dict, Iterator, List

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from protocol import Packed

_mode: str = ""


def prepare(start: Dict[str, Any]) -> None:
    global _mode
    if start["mode"] not in ("", "jit"):
        raise ValueError(f"JAX has no mode {start['mode']}; there is jit")
    _mode = start["mode"]
    jax.config.update("jax_enable_x64", True)  # else float64 inputs become float32 on the way in


@contextmanager
def visiting() -> Iterator[None]:
    """Calls in a process that is somebody else's: its setting comes back afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def facts() -> Dict[str, Any]:
    import jaxlib

    try:
        import optax

        framework = optax.__version__
    except ImportError:  # plain JAX callables can be checked without it
        framework = jax.__version__
    device = jax.devices()[0]
    return {
        "framework": framework,
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "device": device.device_kind,
        "threads": None,  # XLA on CPU takes what the system gives it
    }


def settings() -> Dict[str, Any]:
    """What a call could set for the whole process: how to read it and how to put it back."""
    names = ("jax_enable_x64", "jax_default_device", "jax_default_matmul_precision")
    return {name: (partial(_read, name), partial(jax.config.update, name)) for name in names}


def _read(name: str) -> Any:
    return getattr(jax.config, name)


def namespaces() -> List[Any]:
    return [jnp, jax.nn]


def transform(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(function) if _mode == "jit" else function


def forget() -> None:
    """Compiled programs are kept for good otherwise, at megabytes each."""
    jax.clear_caches()


def construct(kind: Any, dtype: str, given: List[Any], named: Dict[str, Any]) -> Any:
    return kind(*given, **named)


def to_tensor(dtype: str, array: np.ndarray[Any, Any]) -> jax.Array:
    return jnp.array(array.view(ml_dtypes.bfloat16) if dtype == "bfloat16" else array)


def from_tensor(tensor: Any) -> Packed:
    if not isinstance(tensor, jax.Array):
        raise TypeError(f"the callable returned {type(tensor).__name__}; a jax.Array is expected")
    array = np.asarray(tensor)
    if array.dtype == ml_dtypes.bfloat16:
        return "bfloat16", array.view(np.uint16)
    return array.dtype.name, array


class Run:
    """A value and its pullback.

    Eager, the value is that of a plain call. Compiled, value and residuals come from one program,
    as in a training step: compiling is most of the time a call takes.
    """

    def __init__(self, function: Callable[..., Any], tensors: List[Any], wanted: List[int]) -> None:
        self._function = function
        self._tensors = tensors
        self._wanted = wanted
        self._pullback: Any = None
        if _mode == "jit" and wanted:
            self.value, self._pullback = self._forward()
        else:
            self.value = function(*tensors)

    def _forward(self) -> Any:
        def partial(*changing: Any) -> Any:
            tensors = list(self._tensors)
            for place, tensor in zip(self._wanted, changing):
                tensors[place] = tensor
            return self._function(*tensors)

        return jax.vjp(partial, *[self._tensors[place] for place in self._wanted])

    def gradients(self, cotangent: Packed) -> List[Any]:
        if self._pullback is None:
            _, self._pullback = self._forward()
        found = self._pullback(to_tensor(*cotangent).astype(self.value.dtype))
        return [None if each.dtype == jax.dtypes.float0 else each for each in found]


def run(
    function: Callable[..., Any], invocation: Any, tensors: List[Any], wanted: List[int]
) -> Run:
    return Run(function, tensors, wanted)
