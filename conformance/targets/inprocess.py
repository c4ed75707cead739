"""Calls in this very process, for a callable that no other process could import: no isolation."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import numpy as np

from conformance.targets.call import Call, request
from conformance.targets.driver import WorkerError
from conformance.targets.outcome import Outcome, read_outcome
from conformance.targets.process import WORKER
from conformance.targets.target import FRAMEWORKS, Target

MODULE = "_conformance_live"
"""Holds the live callables, so that they have a path like any other."""


class InProcess:
    """Answers as a `Worker` does; a crash, an endless loop or an exit is the caller's own."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.facts: dict[str, Any] = {}
        self._evaluator: Any = None
        self._adapter: Any = None

    def start(self) -> None:
        """Load the adapter; settings of the caller's process stay as they are."""
        try:
            adapter, evaluation = _scripts(FRAMEWORKS[self.target.framework].adapter)
        except Exception as error:
            raise WorkerError(f"{self.target.name}: {error}") from error
        for name, value in (("_device", self.target.device), ("_mode", self.target.mode)):
            if hasattr(adapter, name):
                setattr(adapter, name, value)
        self._adapter, self._evaluator = adapter, evaluation.Evaluator(adapter)
        self.facts = dict(adapter.facts())

    def close(self) -> None:
        """Nothing to end."""

    def describe(self, path: str) -> dict[str, Any]:
        """What the callable takes. Raises WorkerError."""
        (signature,) = _scripts("signature")[:1]
        try:
            return {**signature.describe_callable(path), "altered": ()}
        except Exception as error:
            raise WorkerError(f"{type(error).__name__}: {error}") from error

    def evaluate(self, calls: Sequence[Call]) -> list[Outcome]:
        """One outcome a call, in order; an interrupt is passed on."""
        visiting: Callable[[], Any] = getattr(self._adapter, "visiting", nullcontext)
        with visiting():
            return [self._outcome(call, place) for place, call in enumerate(calls)]

    def _outcome(self, call: Call, place: int) -> Outcome:
        header, results = self._evaluator.evaluate(*request(call, place))
        kept = [(dtype, np.array(array)) for dtype, array in results]
        outcome = read_outcome(header, kept, tuple(call.arrays))
        if outcome.raised is not None and outcome.raised.names[0] == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return outcome


def _scripts(name: str) -> tuple[Any, Any]:
    """A script of the worker and its evaluation, imported without leaving their names behind."""
    folder = str(WORKER)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name), importlib.import_module("evaluation")
    finally:
        sys.path.remove(folder)
        for key, module in list(sys.modules.items()):
            if os.path.dirname(str(getattr(module, "__file__", None))) == folder and "." not in key:
                del sys.modules[key]


def live_path(found: Any, name: str) -> str:
    """A path under which the worker's scripts find an object of this process."""
    module = sys.modules.setdefault(MODULE, ModuleType(MODULE))
    word = name if name.isidentifier() else "candidate"
    setattr(module, word, found)
    return f"{MODULE}:{word}"
