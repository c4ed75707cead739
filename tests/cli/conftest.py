from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cli import recording
from conformance.engine import workers
from conformance.engine.workers import Absent, Station
from tests.cli.command import QUICK, Ended, command, need
from tests.report.sample import Size, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to run a command in; the cache lies beside it."""
    inside = tmp_path / "work"
    inside.mkdir()
    return inside


Pretend = Callable[..., None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Pretend:
    """Makes targets of the reference's answers, which need no framework; runs go to `folder`."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CONFORMANCE_JOBS", "1")  # another process would know nothing of it

    def opened(*stations: Station) -> None:
        def open_stations(targets: object, stack: object) -> tuple[list[Station], list[Absent]]:
            return [*stations], []

        monkeypatch.setattr(recording, "open_stations", open_stations)
        monkeypatch.setattr(workers, "open_stations", open_stations)

    return opened


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results file with findings."""
    return write(tmp_path_factory.mktemp("sample") / "sample.jsonl.gz", Size(cases=200))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """A real run in an empty folder, and that folder."""
    need("torch")
    place = tmp_path_factory.mktemp("run") / "work"
    place.mkdir()
    return command("run", *QUICK, folder=place), place
