"""The order of operations that an author states for a callable: a registered one, or a program."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.specs.errors import SpecError
from conformance.specs.models import Loss
from conformance.targets.binding_file import load_bindings
from conformance.targets.bindings import Algorithm
from conformance.targets.candidate import CandidateError
from conformance.targets.target import Target
from reference.algorithms import GRADIENTS, VALUES

Program = Callable[..., Any]
ENVELOPE = "envelope"


@dataclass(frozen=True)
class Stated:
    """The algorithm by name, and the author's own programs behind names that nobody registered."""

    algorithm: Algorithm
    programs: Mapping[str, Program] = field(default_factory=dict)


def stated_algorithm(text: str, loss: Loss, framework: str, folder: Path) -> Stated:
    """Read `NAME` or `file.py:program`. Raises CandidateError.

    A program has the contract of those in reference/algorithms; its gradient is the function
    `PROGRAM_gradient` beside it. It runs in this process, on arrays that carry error bounds.
    """
    if ".py:" in text:
        return _program(text, folder)
    values, gradients = VALUES.get(loss.id, {}), GRADIENTS.get(loss.id, {})
    if text not in values and text not in gradients:
        known = ", ".join(sorted({*values, *gradients})) or "none"
        raise CandidateError(
            f"--algorithm {text}: is not registered for {loss.id}; there are {known}, "
            "or name a NumPy program as file.py:program"
        )
    if (stock := _of_framework(text, loss, framework)) is not None:
        return Stated(stock)
    value = text if text in values else ENVELOPE
    gradient = text if text in gradients else ENVELOPE
    return Stated(Algorithm(value=value, gradient=gradient, rounding="each_op"))


def _of_framework(name: str, loss: Loss, framework: str) -> Algorithm | None:
    """The stock binding's own statement, which knows where that framework rounds."""
    if framework not in ("torch", "tensorflow", "keras", "optax"):
        return None
    try:
        bound = load_bindings(Target(framework)).get(loss.id)
    except SpecError:
        return None
    found = bound.algorithm if bound is not None else None
    return found if found is not None and name in (found.value, found.gradient) else None


def _program(text: str, folder: Path) -> Stated:
    where, _, name = text.rpartition(":")
    file = (folder / where).resolve()
    specification = importlib.util.spec_from_file_location(f"algorithm_{file.stem}", file)
    if not file.is_file() or specification is None or specification.loader is None:
        raise CandidateError(f"--algorithm {text}: there is no file {file}")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise CandidateError(
            f"--algorithm {text}: {file.name} cannot be run: {type(error).__name__}: {error}"
        ) from error
    value, gradient = getattr(module, name, None), getattr(module, f"{name}_gradient", None)
    if not callable(value):
        raise CandidateError(f"--algorithm {text}: {file.name} has no function {name!r}")
    key = re.sub(r"[^a-z0-9_]", "_", name.lower()).strip("_")[:30] or "program"
    key = key if key[0].isalpha() else f"program_{key}"
    programs = {f"{key}": value} | ({f"{key}_gradient": gradient} if callable(gradient) else {})
    algorithm = Algorithm(
        value=key, gradient=f"{key}_gradient" if callable(gradient) else ENVELOPE, rounding="fused"
    )
    return Stated(algorithm, programs)
