"""Lines of a snippet that lay arrays out in memory as a call of the property `layout` did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_TORCH: Mapping[str, str] = MappingProxyType(
    {
        "transposed": "{0}.transpose(0, -1).contiguous().transpose(0, -1)",
        "strided": "torch.stack([{0}, {0}], -1).flatten(-2)[..., ::2]",
        "broadcast": "{0}[:1].expand_as({0})",
        "sliced": "torch.nn.functional.pad({0}, [1, 1] * {0}.ndim)[(slice(1, -1),) * {0}.ndim]",
        "channels-last": "{0}.movedim(1, -1).contiguous().movedim(-1, 1)",
    }
)
_NUMPY: Mapping[str, str] = MappingProxyType(
    {
        "transposed": "np.ascontiguousarray({0}.swapaxes(0, -1)).swapaxes(0, -1)",
        "strided": "np.repeat({0}, 2, -1)[..., ::2]",
        "broadcast": "np.broadcast_to({0}[:1], {0}.shape)",
        "sliced": "np.pad({0}, 1)[(slice(1, -1),) * {0}.ndim]",
        "channels-last": "np.moveaxis(np.ascontiguousarray(np.moveaxis({0}, 1, -1)), -1, 1)",
        "reversed": "{0}[::-1].copy()[::-1]",
    }
)
_AXES = {"transposed": 2, "channels-last": 3}


def laid_out(
    arrays: Mapping[str, Any], framework: str, word: str | None, wanted: tuple[str, ...]
) -> Iterator[str]:
    """A line an array that the layout `word` changes; `wanted` are those that need a gradient."""
    forms = {"torch": _TORCH, "numpy": _NUMPY}.get(framework, {})
    for name, array in arrays.items():
        if word == "read-only" and framework == "numpy":
            yield f"{name}.flags.writeable = False"
        elif word in forms and array.ndim >= _AXES.get(str(word), 1) and array.size:
            taken = name in wanted and framework == "torch"
            form = forms[str(word)].format(f"{name}.detach()" if taken else name)
            yield f"{name} = {form}" + ".requires_grad_()" * taken
