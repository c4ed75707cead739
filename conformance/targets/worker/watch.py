"""What a call must leave alone in its process: settings, the framework's functions, children."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, List, Tuple

_LONGEST = 300


class Watch:
    """Notes the state of a process and says how a call has changed it; what it can, it puts back.

    An adapter offers `settings()`: by name, a reader and a setter; and `namespaces()`: modules and
    classes whose functions nobody is to replace.
    """

    def __init__(self, adapter: Any) -> None:
        self._settings: Dict[str, Tuple[Callable[[], Any], Callable[[Any], Any]]] = (
            adapter.settings() if hasattr(adapter, "settings") else {}
        )
        spaces = adapter.namespaces() if hasattr(adapter, "namespaces") else []
        self._kept = [(space, dict(vars(space))) for space in spaces]
        self._values = {name: read() for name, (read, _) in self._settings.items()}
        self._noted: List[str] = []
        self._process = os.getpid()
        sys.unraisablehook = self._unraisable
        os.register_at_fork(after_in_parent=self._forked)

    def changes(self) -> List[str]:
        """What has changed since the last time, put back; a forked child ends here."""
        if os.getpid() != self._process:
            os._exit(0)
        found, self._noted = self._noted, []
        for name, (read, write) in self._settings.items():
            value = read()
            if value != self._values[name]:
                found.append(f"{name} went from {self._values[name]} to {value}")
                write(self._values[name])
        for space, kept in self._kept:
            found += _replaced(space, kept)
        return found

    def _unraisable(self, fault: Any) -> None:
        try:
            text = f"{type(fault.exc_value).__name__}: {fault.exc_value}"
        except Exception:
            text = str(fault.exc_type)
        self._noted.append(f"an exception left __del__: {text[:_LONGEST]}")

    def _forked(self) -> None:
        self._noted.append("the process forked")


def _replaced(space: Any, kept: Dict[str, Any]) -> List[str]:
    now = vars(space)
    changed = [name for name, value in kept.items() if now.get(name) is not value]
    for name in changed:
        setattr(space, name, kept[name])
    return [f"{space.__name__}.{name} was replaced" for name in changed]
