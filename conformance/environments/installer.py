"""Which installer works: uv where it is on PATH, else venv and pip."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.environments import by_pip, by_uv
from conformance.environments.interpreter import Interpreter
from conformance.environments.lock import Lock


@dataclass(frozen=True)
class Installer:
    """`uv` is its program, None for pip."""

    uv: str | None = None

    @property
    def name(self) -> str:
        return "uv" if self.uv else "venv and pip"

    def resolve(
        self, interpreter: Interpreter, requirements: Sequence[str], newest: str | None
    ) -> Lock:
        """What would be installed; raises EnvironmentFault where nothing fits."""
        if self.uv:
            return by_uv.resolve(self.uv, interpreter, requirements, newest)
        return by_pip.resolve(interpreter, requirements, newest)

    def build(self, interpreter: Interpreter, wanted: Lock, folder: Path) -> None:
        """Make an environment of exactly that; raises EnvironmentFault."""
        if self.uv:
            by_uv.build(self.uv, interpreter, wanted, folder)
        else:
            by_pip.build(interpreter, wanted, folder)


def find_installer() -> Installer:
    return Installer(shutil.which("uv"))
