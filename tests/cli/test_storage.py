from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from conformance.cli.storage import VARIABLE, keep_hypothesis_out


def test_hypothesis_keeps_its_files_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    import os

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    keep_hypothesis_out()
    assert os.environ[VARIABLE] == str(folder / "loss-conformance" / "hypothesis")


def test_a_cache_that_cannot_be_written_gives_a_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    import os

    (folder / "cache").write_text("", "utf-8")
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    keep_hypothesis_out()
    assert Path(os.environ[VARIABLE]).parent == Path(tempfile.gettempdir())


def test_who_names_a_folder_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv(VARIABLE, "/mine")
    keep_hypothesis_out()
    assert os.environ[VARIABLE] == "/mine"
