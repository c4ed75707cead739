"""What a call must leave alone in its process: settings, functions, streams, children, threads."""

from __future__ import annotations

import builtins
import math
import os
import random
import sys
import threading
from typing import Any, Callable, Dict, List, Set, Tuple

import numpy as np

_LONGEST = 300
_POOL = 36  # threads that a pool which is kept between calls may have: 32, and some to spare
_SELDOM = 16  # calls after which the generators are looked at: a call that seeds will seed again
_COMMON = (builtins, math, np)  # whatever the framework: what both sides compute with

#: What is read before and after a call, and what puts it back.
Setting = Tuple[Callable[[], Any], Callable[[Any], Any]]


class Watch:
    """Notes the state of a process and says how a call has changed it; what it can, it puts back.

    An adapter offers `settings()`: by name, a reader and a setter; `namespaces()`: modules and
    classes whose functions nobody is to replace.
    """

    def __init__(self, adapter: Any) -> None:
        self._settings: Dict[str, Setting] = {**_settings(), **_offered(adapter, "settings", {})}
        spaces = [*_offered(adapter, "namespaces", []), *_COMMON]
        self._kept = [Kept(space) for space in dict.fromkeys(spaces)]
        self._values = {name: read() for name, (read, _) in self._settings.items()}
        self._random = {name: read() for name, (read, _) in _GENERATORS.items()}
        self._seeded: Dict[str, Set[int]] = {name: set() for name in _GENERATORS}
        self._asked = 0
        self._threads = threading.active_count()
        self._noted: List[str] = []
        self._process = os.getpid()
        sys.unraisablehook = self._hook = self._unraisable
        os.register_at_fork(after_in_parent=self._forked, after_in_child=_die_with_parent)

    def changes(self) -> List[str]:
        """What has changed since the last time, put back; a forked child ends here."""
        if os.getpid() != self._process:
            os._exit(0)
        if sys.unraisablehook is not self._hook:
            sys.unraisablehook = self._hook
            self._noted.append("sys.unraisablehook was replaced")
        found, self._noted = self._noted, []
        for name, (read, write) in self._settings.items():
            value = read()
            if value != self._values[name]:
                found.append(f"{name} went from {self._values[name]} to {value}")
                write(self._values[name])
        for kept in self._kept:
            found += kept.replaced()
        self._asked += 1
        if self._asked % _SELDOM == 0:
            found += self._reseeded()
        return [*found, *self._left_running()]

    def _reseeded(self) -> List[str]:
        """Generators that a call left in a state that an earlier one had left them in."""
        found = []
        for name, (read, advance) in _GENERATORS.items():
            state = read()
            if state != self._random[name]:
                if state in self._seeded[name]:
                    found.append(f"{name} was seeded")
                self._seeded[name].add(state)
                advance()
                self._random[name] = read()
        return found

    def _left_running(self) -> List[str]:
        """Threads by which the process has grown beyond any pool; told once each time it doubles."""
        count = threading.active_count()
        if count <= self._threads + _POOL:
            return []
        self._threads = count
        return [f"threads are left running: {count} by now"]

    def _unraisable(self, fault: Any) -> None:
        try:
            text = f"{type(fault.exc_value).__name__}: {fault.exc_value}"
        except Exception:
            text = str(fault.exc_type)
        self._noted.append(f"an exception left __del__: {text[:_LONGEST]}")

    def _forked(self) -> None:
        self._noted.append("the process forked")


def _offered(adapter: Any, name: str, otherwise: Any) -> Any:
    return getattr(adapter, name)() if hasattr(adapter, name) else otherwise


def _settings() -> Dict[str, Setting]:
    """Of every process, whatever framework is in it."""
    folder = os.open(".", os.O_RDONLY | os.O_CLOEXEC)  # to come back, even where it was deleted
    spare = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    return {
        "the working directory": (_directory, lambda _: os.fchdir(folder)),
        "the standard streams": (_open_streams, lambda kept: _reopened(kept, spare)),
        "the treatment of floating-point errors": (np.geterr, lambda old: np.seterr(**old)),
    }


def _directory() -> Tuple[int, int]:
    """Its device and number, which stay where the folder is deleted or renamed."""
    found = os.stat(".")
    return found.st_dev, found.st_ino


def _open_streams() -> str:
    """Which of the descriptors 0, 1 and 2 are open."""
    return " ".join(str(each) for each in range(3) if _is_open(each)) or "none"


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _reopened(kept: str, spare: int) -> None:
    for word in kept.split():
        if word.isdigit() and not _is_open(int(word)):
            os.dup2(spare, int(word))


def _state_of_numpy() -> int:
    """Zero where nobody has imported it: it loads when it is first asked for."""
    if "numpy.random" not in sys.modules:
        return 0
    _, key, place, *_ = np.random.get_state()
    return hash((key[:8].tobytes(), place))


_GENERATORS: Dict[str, Tuple[Callable[[], int], Callable[[], Any]]] = {
    "the random state of numpy": (_state_of_numpy, lambda: np.random.random()),
    "the random state of Python": (lambda: hash(random.getstate()), random.random),
}
"""How the state of each generator that the whole process shares is read, and advanced."""


class Kept:
    """The names of a module or class, to be as they were; asked after every call, so it is quick."""

    def __init__(self, space: Any) -> None:
        self._space = space
        self._names = dict(vars(space))
        self._values = list(self._names.values())

    def replaced(self) -> List[str]:
        """What is something else now, put back."""
        if _alike(list(vars(self._space).values()), self._values):
            return []
        now = vars(self._space)
        changed = [name for name, value in self._names.items() if now.get(name) is not value]
        for name in changed:
            setattr(self._space, name, self._names[name])
        self._values = list(vars(self._space).values())  # with what was only added
        return [f"{self._space.__name__}.{name} was replaced" for name in changed]


def _alike(values: List[Any], kept: List[Any]) -> bool:
    """The same objects, as lists compare them: hardly slower than a look at their lengths."""
    try:
        return values == kept
    except Exception:  # something stands there that cannot be compared
        return False


def _die_with_parent() -> None:
    """A child of a worker must not outlive it, whatever session it makes its own (Linux)."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    except Exception:  # another system: the group is ended as a whole
        pass
