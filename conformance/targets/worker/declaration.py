"""How callables declare themselves: names, order and defaults of their parameters, as text."""

from __future__ import annotations

import inspect
import re
from typing import Any, Dict, List

from locate import locate

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of an object that stands as a default


def declarations(paths: List[str]) -> Dict[str, str]:
    """The signature of each callable that can be found; one written in C may not say."""
    found = {path: _declared(path) for path in paths}
    return {path: text for path, text in found.items() if text}


def _declared(path: str) -> str:
    try:
        signature = inspect.signature(locate(path))
    except Exception:  # gone in this version, or without a signature: the calls will tell
        return ""
    bare = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    declared: Any = signature.replace(parameters=bare, return_annotation=signature.empty)
    return _ADDRESS.sub("", str(declared))
