"""What a user's callable takes, and how it is called: read once, before its first call."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Dict, List, Optional

from locate import locate

_CALLED = ("forward", "call", "__call__")


def usable(found: Any) -> Any:
    """What is really called: of a `torch.autograd.Function` its `apply`, which takes no names."""
    owner = _part(found, "__self__") if _part(found, "__name__") == "apply" else found
    return _Applied(owner, owner is not found) if _is_function_class(owner) else found


def _part(found: Any, name: str, otherwise: Any = None) -> Any:
    """An attribute of somebody's object, which may raise anything when it is asked."""
    try:
        return getattr(found, name, otherwise)
    except Exception:
        return otherwise


def _is_function_class(found: Any) -> bool:
    parts = ("apply", "forward", "backward")
    return (
        isinstance(found, type)
        and all(hasattr(found, part) for part in parts)
        and (any(each.__module__ == "torch.autograd.function" for each in found.__mro__))
    )


class _Applied:
    """`apply` of an autograd function, called with names as `forward` has them."""

    def __init__(self, owner: Any, named: bool) -> None:
        self._owner = owner
        self.named = named  # `apply` itself was, and not its class
        signature = inspect.signature(owner.forward)
        taken = list(signature.parameters.values())
        if not _has_own_setup(owner):
            taken = taken[1:]  # ctx
        self.__signature__ = signature.replace(parameters=taken)
        self.__name__ = owner.__name__

    def __call__(self, *args: Any, **named: Any) -> Any:
        bound = self.__signature__.bind(*args, **named)
        bound.apply_defaults()
        return self._owner.apply(*bound.args, *bound.kwargs.values())


def _has_own_setup(owner: Any) -> bool:
    """Whether the context is set up apart, so that `forward` does not take it."""
    for each in owner.__mro__:
        if each.__module__ == "torch.autograd.function":
            return False
        if "setup_context" in vars(each):
            return True
    return False


def describe_callable(path: str) -> Dict[str, Any]:
    """Kind, names and defaults of the callable at a path."""
    found = usable(locate(path))
    if not callable(found):
        raise TypeError(f"{path} is {type(found).__name__}, which cannot be called")
    return {**_described(found), **_beside(path)}


def _described(found: Any) -> Dict[str, Any]:
    kind = "class" if isinstance(found, type) else "function"
    if isinstance(found, _Applied):
        kind = "apply" if found.named else "applied"
    called: Any = found
    if kind == "class":
        called = _instance_call(found)
    elif not inspect.isroutine(found) and not isinstance(found, (_Applied, functools.partial)):
        names = [name for name in _CALLED if _defines(type(found), name)]
        called = getattr(found, names[0]) if names else found
    return {
        "kind": kind,
        "name": str(_part(found, "__name__", type(found).__name__)),
        "takes": _parameters(called, 1 if kind == "class" else 0),
        "constructs": _parameters(found, 0) if kind == "class" else None,
        "keras": any(str(each.__module__).startswith("keras") for each in _family(found)),
        "dtype": _fixed_dtype(found),
    }


def _instance_call(kind: type) -> Any:
    """The method that is called with the inputs; raises TypeError where there is none."""
    for name in _CALLED:
        if any(name in vars(each) for each in kind.__mro__ if each is not object) and _defines(
            kind, name
        ):
            return getattr(kind, name)
    raise TypeError(f"{kind.__name__} is a class whose objects cannot be called")


def _family(found: Any) -> Any:
    return (found if isinstance(found, type) else type(found)).__mro__


def _fixed_dtype(found: Any) -> Optional[str]:
    """Of a Keras loss object, the dtype that it casts to."""
    name = _part(found, "dtype")
    return name if isinstance(name, str) and not isinstance(found, type) else None


def _defines(kind: type, name: str) -> bool:
    """Whether a class has a method of its own, or of a base that is no framework's plain shell."""
    method = _part(kind, name)
    if method is None or not callable(method):
        return False
    return _part(method, "__name__", "") not in ("_forward_unimplemented",)


def _parameters(found: Callable[..., Any], skipped: int) -> Optional[List[Dict[str, Any]]]:
    """Names, kinds and defaults; None where the callable does not say."""
    try:
        taken = list(inspect.signature(found).parameters.values())[skipped:]
    except (TypeError, ValueError):
        return None
    return [
        {
            "name": each.name,
            "kind": each.kind.name,
            "required": each.default is each.empty,
            "default": _plain(None if each.default is each.empty else each.default),
        }
        for each in taken
    ]


def _plain(value: Any) -> Any:
    """A default as JSON: numbers and words as they are, anything else as its text."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _beside(path: str) -> Dict[str, bool]:
    """Whether a companion stands there that gives the gradient, as NumPy callables need."""
    try:
        return {"companion": callable(locate(f"{path}_gradient"))}
    except Exception:
        return {"companion": False}
