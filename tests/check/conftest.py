from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to run a command in; the cache lies beside it."""
    inside = tmp_path / "work"
    inside.mkdir()
    return inside
