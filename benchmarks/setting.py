"""Where a figure was measured: the machine, its load, and what is installed."""

from __future__ import annotations

import os
from importlib import metadata

from conformance import __version__
from conformance.engine.manifest import commit, machine

PACKAGES = ("numpy", "hypothesis", "torch", "tensorflow-cpu", "tensorflow", "keras", "jax", "optax")


def heading() -> str:
    """Machine, load over the last minute, commit and versions, in three lines."""
    here = machine()
    found = [f"{name} {version}" for name in PACKAGES if (version := _version(name))]
    return "\n".join(
        [
            f"{here.processor}, {here.cores} cores, {here.platform}, load {os.getloadavg()[0]:.2f}",
            f"loss-conformance {__version__} ({commit() or 'no commit'}), Python {here.python}",
            ", ".join(found),
        ]
    )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
