"""Adapter for Keras, 2.15 or newer, on any of its backends: tensors and gradients are the backend's."""

from __future__ import annotations

import importlib
import inspect
import os
from typing import Any, Dict, List

_BACKENDS = {"tensorflow": "tensorflow2", "torch": "pytorch", "jax": "optax_jax"}
_backend: Any = importlib.import_module(_BACKENDS[os.environ["KERAS_BACKEND"]])

transform = _backend.transform
to_tensor = _backend.to_tensor
from_tensor = _backend.from_tensor
to_view = getattr(_backend, "to_view", None)  # of a backend whose tensors have strides
set_threads = getattr(_backend, "set_threads", None)  # of one that can change them later
run = _backend.run
directional = _backend.directional


def prepare(start: Dict[str, Any]) -> None:
    _backend.prepare(start)


def facts() -> Dict[str, Any]:
    import keras

    found = _backend.facts()
    backend = found.get("jax", found["framework"])  # the adapter of JAX names Optax first
    return {**found, "backend": backend, "framework": keras.__version__}


def settings() -> Dict[str, Any]:
    """The backend's, and the dtype that Keras takes where none is said."""
    import keras

    own = {"the default dtype": (keras.config.floatx, keras.config.set_floatx)}
    return {**(_backend.settings() if hasattr(_backend, "settings") else {}), **own}


namespaces = _backend.namespaces


def construct(kind: Any, dtype: str, given: List[Any], named: Dict[str, Any]) -> Any:
    """A loss object casts to its own dtype, float32 unless told: it is told the inputs'.

    The constructors of 3.3 take no dtype, and the global setting is the way to tell them. Keras 2
    computes in the dtype of the predictions.
    """
    import keras

    if "dtype" in inspect.signature(kind).parameters:
        return kind(*given, **named, dtype=dtype)
    if keras.__version__.startswith("2."):
        return kind(*given, **named)
    before = keras.backend.floatx()
    keras.backend.set_floatx(dtype)
    try:
        return kind(*given, **named)
    finally:
        keras.backend.set_floatx(before)
