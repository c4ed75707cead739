from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.environments import preparation
from conformance.environments.interpreter import probe
from tests.environments.wheels import wheel


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "environments"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """A folder of wheels that is all the installers know, and this interpreter alone."""
    folder = tmp_path / "wheels"
    wheel(folder, "numpy", "1.0")
    for program in ("PIP", "UV"):
        monkeypatch.setenv(f"{program}_NO_INDEX", "1")
        monkeypatch.setenv(f"{program}_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setattr(preparation, "discover", lambda: [probe(sys.executable)])
    return folder
