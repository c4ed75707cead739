"""Where a figure was measured: the machine, its load, and what is installed."""

from __future__ import annotations

import hashlib
import os
from importlib import metadata
from pathlib import Path

from conformance import __version__
from conformance.engine.manifest import commit, machine

PACKAGES = ("numpy", "hypothesis", "torch", "tensorflow-cpu", "tensorflow", "keras", "jax", "optax")


def heading() -> str:
    """Machine, load over the last minute, commit and versions, in three lines."""
    here = machine()
    found = [f"{name} {version}" for name, version in packages().items()]
    return "\n".join(
        [
            f"{here.processor}, {here.cores} cores, {here.platform}, load {os.getloadavg()[0]:.2f}",
            f"loss-conformance {__version__} ({commit() or 'no commit'}), Python {here.python}",
            ", ".join(found),
        ]
    )


def packages() -> dict[str, str]:
    """Versions of what is installed of numpy and the frameworks."""
    return {name: version for name in PACKAGES if (version := _version(name))}


def sources() -> str:
    """SHA-256 of all that decides a count: specs, reference, engine and known deviations."""
    digest = hashlib.sha256()
    for folder in ("conformance", "reference", "spec", "benchmarks"):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".yaml"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
