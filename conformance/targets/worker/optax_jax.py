"""Adapter for JAX and Optax: eager, or compiled with mode `jit`."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from direction import Direction, Moved
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
    return Compiled(function) if _mode == "jit" else function


class Compiled:
    """A function compiled alone, and together with its gradients as in a training step.

    Two programs, one for the value and its residuals and one for the pullback, take nearly twice as
    long to compile, which is most of the time a call takes.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._alone = jax.jit(function)
        self.step = jax.jit(self._trained, static_argnums=0)
        self.moved = jax.jit(partial(moved_along, function), static_argnums=(0, 1))

    def __call__(self, *tensors: Any) -> Any:
        return self._alone(*tensors)

    def _trained(self, wanted: Tuple[int, ...], tensors: List[Any], cotangent: Any) -> Any:
        value, pullback = pulled_back(self._function, tensors, wanted)
        return value, pullback(cotangent.astype(value.dtype))


def pulled_back(function: Callable[..., Any], tensors: List[Any], wanted: Sequence[int]) -> Any:
    """The value and its pullback to the wanted tensors."""
    return jax.vjp(of_some(function, tensors, wanted), *[tensors[place] for place in wanted])


def of_some(
    function: Callable[..., Any], tensors: List[Any], wanted: Sequence[int]
) -> Callable[..., Any]:
    """The function of the wanted tensors alone, all others held."""

    def value(*changing: Any) -> Any:
        every = list(tensors)
        for place, tensor in zip(wanted, changing):
            every[place] = tensor
        return function(*every)

    return value


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
    """A value, and the gradients along a cotangent where one is given.

    Eager, the value is that of a plain call. Compiled, both come from one program, unless it cannot
    be made: then the value comes alone, and asking for the gradients says why.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: List[Any],
        wanted: List[int],
        cotangent: Optional[Packed],
    ) -> None:
        self._asked = function, tensors, wanted
        self._gradients: Any = None
        if isinstance(function, Compiled) and cotangent is not None:
            along = to_tensor(*cotangent)
            with suppress(Exception):
                self.value, self._gradients = function.step(tuple(wanted), tensors, along)
        if self._gradients is None:
            self.value = function(*tensors)

    def gradients(self, cotangent: Packed) -> List[Any]:
        if self._gradients is None:
            value, pullback = pulled_back(*self._asked)
            self._gradients = pullback(to_tensor(*cotangent).astype(value.dtype))
        return [None if each.dtype == jax.dtypes.float0 else each for each in self._gradients]


def run(
    function: Callable[..., Any],
    invocation: Any,
    tensors: List[Any],
    wanted: List[int],
    cotangent: Optional[Packed],
) -> Run:
    return Run(function, tensors, wanted, cotangent)


def directional(function: Callable[..., Any], tensors: List[Any], direction: Direction) -> Moved:
    """jax.jvp of the function; jax.vjp of its vjp; or jax.jvp of it, as jax.hessian does."""
    moving = [to_tensor(*each) for each in direction.tangents]
    asked = direction.derivative, tuple(direction.wanted), tensors, moving
    seed = to_tensor(*direction.cotangent)
    if isinstance(function, Compiled):
        return Moved(*function.moved(*asked, seed))
    return Moved(*moved_along(function, *asked, seed))


def moved_along(
    function: Callable[..., Any],
    derivative: str,
    wanted: Tuple[int, ...],
    tensors: List[Any],
    tangents: List[Any],
    seed: Any,
) -> Tuple[Any, Any, List[Any], List[Any]]:
    """The value and how it moves, the gradients and how they move; None or nothing if not asked."""
    primals = [tensors[place] for place in wanted]
    value = of_some(function, tensors, wanted)

    def both(along: Any, *changing: Any) -> Any:
        result, pullback = jax.vjp(value, *changing)
        return result, list(pullback(along))

    if derivative == "forward":
        result, moved = jax.jvp(value, primals, tangents)
        return result, moved, [], []
    if derivative == "reverse-over-reverse":
        (result, found), pullback = jax.vjp(both, seed, *primals)
        moved, *curvature = pullback((jnp.zeros_like(result), tangents))
        return result, moved, found, curvature
    (result, found), (moved, curvature) = jax.jvp(partial(both, seed), primals, tangents)
    return result, moved, found, curvature
