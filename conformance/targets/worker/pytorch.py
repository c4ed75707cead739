"""Adapter for PyTorch: eager, or compiled with mode `compile`."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch
from direction import Direction, Moved
from protocol import Packed

_device = "cpu"
_mode: str = ""


def prepare(start: Dict[str, Any]) -> None:
    global _device, _mode
    if start["mode"] not in ("", "compile"):
        raise ValueError(f"PyTorch has no mode {start['mode']}; there is compile")
    _device, _mode = start["device"], start["mode"]
    if _device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("PyTorch sees no CUDA device")
    torch.set_num_threads(start["threads"])
    torch.set_num_interop_threads(1)
    torch.set_warn_always(True)  # else a warning shows in the first call that earns it only
    if _mode == "compile":
        from torch._dynamo import config

        config.recompile_limit = 100_000  # past it a call falls back to eager, unsaid


def facts() -> Dict[str, Any]:
    return {
        "framework": torch.__version__,
        "device": torch.cuda.get_device_name() if _device == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "cuda": torch.version.cuda,
    }


def settings() -> Dict[str, Any]:
    """What a call could set for the whole process: how to read it and how to put it back."""
    return {
        "the default dtype": (torch.get_default_dtype, torch.set_default_dtype),
        "the default device": (torch.get_default_device, torch.set_default_device),
        "the number of threads": (torch.get_num_threads, torch.set_num_threads),
        "the random seed": (torch.initial_seed, torch.manual_seed),
        "whether gradients are recorded": (torch.is_grad_enabled, torch.set_grad_enabled),
        "deterministic algorithms": (
            torch.are_deterministic_algorithms_enabled,
            torch.use_deterministic_algorithms,
        ),
    }


def namespaces() -> List[Any]:
    return [torch, torch.nn.functional, torch.Tensor]


def set_threads(count: int) -> int:
    """How many threads an operation may use from now on; gives the number that it was."""
    before: int = torch.get_num_threads()
    torch.set_num_threads(count)
    return before


def transform(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compile(function, dynamic=False) if _mode == "compile" else function


def construct(kind: Any, dtype: str, given: List[Any], named: Dict[str, Any]) -> Any:
    return kind(*given, **named)


def to_tensor(dtype: str, array: np.ndarray[Any, Any]) -> torch.Tensor:
    if dtype == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16).to(_device)
    return torch.from_numpy(array).to(_device)


def to_view(dtype: str, memory: np.ndarray[Any, Any], view: np.ndarray[Any, Any]) -> torch.Tensor:
    """A tensor over the memory with the view's strides, on whatever device."""
    offset = view.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    strides = [step // view.itemsize for step in view.strides]
    return to_tensor(dtype, memory).as_strided(view.shape, strides, offset // view.itemsize)


def from_tensor(tensor: Any) -> Packed:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"the callable returned {type(tensor).__name__}, not a torch.Tensor")
    host = tensor.detach().to("cpu").contiguous()
    if host._is_zerotensor():  # a zero that nobody has written down
        host = torch.zeros(host.shape, dtype=host.dtype)
    if host.dtype == torch.bfloat16:
        return "bfloat16", host.view(torch.int16).numpy().view(np.uint16)
    array = host.numpy()
    return array.dtype.name, array


class Run:
    """A value that remembers how it came about."""

    def __init__(self, value: torch.Tensor, leaves: List[torch.Tensor]) -> None:
        self.value = value
        self._leaves = leaves

    def gradients(self, cotangent: Packed) -> List[Any]:
        seed = to_tensor(*cotangent).to(self.value.dtype)
        return list(torch.autograd.grad(self.value, self._leaves, seed, allow_unused=True))


def run(
    function: Callable[..., Any],
    invocation: Any,
    tensors: List[Any],
    wanted: List[int],
    cotangent: Optional[Packed],
) -> Run:
    leaves = [tensors[place].requires_grad_() for place in wanted]
    return Run(function(*tensors), leaves)


def directional(function: Callable[..., Any], tensors: List[Any], direction: Direction) -> Moved:
    """Dual numbers; autograd of autograd; or, as `torch.func.hessian` does, duals through autograd."""
    if _mode:
        raise NotImplementedError(f"not asked with torch.{_mode}, which compiles one backward")
    _use_duals()
    tangents = [to_tensor(*each) for each in direction.tangents]
    if direction.derivative == "forward":
        return _forward(function, tensors, direction.wanted, tangents)
    seed = to_tensor(*direction.cotangent)
    if direction.derivative == "reverse-over-reverse":
        return _twice(function, tensors, direction.wanted, seed, tangents)
    return _forward_over_reverse(function, tensors, direction.wanted, seed, tangents)


@cache
def _use_duals() -> None:
    """The first dual number loads rules by deprecated means, and torch warns of itself."""
    from torch.autograd import forward_ad

    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        one = torch.ones(())
        torch.sigmoid(forward_ad.make_dual(one, one))


def _forward(
    function: Callable[..., Any],
    tensors: List[Any],
    wanted: List[int],
    tangents: List[torch.Tensor],
) -> Moved:
    from torch.autograd import forward_ad

    with forward_ad.dual_level():
        duals = list(tensors)
        for place, tangent in zip(wanted, tangents):
            duals[place] = forward_ad.make_dual(tensors[place], tangent)
        value, moved = forward_ad.unpack_dual(function(*duals))
        return Moved(value, moved, [], [])


def _twice(
    function: Callable[..., Any],
    tensors: List[Any],
    wanted: List[int],
    seed: torch.Tensor,
    tangents: List[torch.Tensor],
) -> Moved:
    """As inside a model the cotangent has a history too, and the way back goes to every leaf.

    Only then does a function that is differentiable once say so. What goes to the cotangent is how
    the value moves.
    """
    leaves = [tensors[place].requires_grad_() for place in wanted]
    value = function(*tensors)
    seed.requires_grad_()
    found = torch.autograd.grad(value, leaves, seed, create_graph=True, allow_unused=True)
    followed = [
        (each, tangent)
        for each, tangent in zip(found, tangents)
        if each is not None and each.requires_grad
    ]
    for leaf in leaves:
        leaf.grad = None
    if followed:
        ends, along = zip(*followed)
        torch.autograd.backward(ends, along)
    return Moved(value, seed.grad, list(found), [leaf.grad for leaf in leaves])


def _forward_over_reverse(
    function: Callable[..., Any],
    tensors: List[Any],
    wanted: List[int],
    seed: torch.Tensor,
    tangents: List[torch.Tensor],
) -> Moved:
    def both(*changing: torch.Tensor) -> Any:
        given = list(tensors)

        def value(*inner: torch.Tensor) -> Any:
            for place, tensor in zip(wanted, inner):
                given[place] = tensor
            return function(*given)

        result, pullback = torch.func.vjp(value, *changing)
        return result, pullback(seed)

    primals = tuple(tensors[place] for place in wanted)
    (value, found), (moved, curvature) = torch.func.jvp(both, primals, tuple(tangents))
    return Moved(value, moved, list(found), list(curvature))
