"""Adapter for PyTorch: eager, or compiled with mode `compile`."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import numpy as np
import torch
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
    function: Callable[..., Any], invocation: Any, tensors: List[Any], wanted: List[int]
) -> Run:
    leaves = [tensors[place].requires_grad_() for place in wanted]
    return Run(function(*tensors), leaves)
