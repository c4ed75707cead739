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
    for variable in ("PIP_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(variable, "1")
    for variable in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))  # what others fetched is not taken
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setattr(preparation, "discover", lambda: [probe(sys.executable)])
    return folder
