"""`conformance env`: what is kept, what goes, and where it lies."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from conformance.cli.root import invoke
from conformance.environments import cache
from conformance.environments.lock import Lock, Pinned

DAY = 86_400


def lock(version: str) -> Lock:
    return Lock((Pinned("torch", version),), "3.11.7", "linux-x86_64")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two environments, the older one unused for forty days."""
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path))
    for version, days in (("2.4.1", 40), ("2.13.0", 1)):
        with cache.building(lock(version)) as folder:
            (folder / "bin").mkdir(parents=True)
            (folder / "bin" / "python").write_text("x" * 5000)
            kept = cache.keep(lock(version), f"torch=={version}")
        then = time.time() - days * DAY
        os.utime(kept.folder / "used", (then, then))
    cache.remember("torch", lock("2.4.1"))
    return tmp_path / "environments"


def listed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert invoke(["env", "list"]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_list_tells_size_python_use_and_what_was_asked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = listed(capsys)
    assert first.endswith("torch==2.13.0")
    assert second.endswith("torch==2.4.1")
    assert "8.2 kB" in first
    assert "Python 3.11.7" in first
    assert time.strftime("%Y-%m-%d", time.localtime(time.time() - DAY)) in first


def test_prune_removes_what_was_not_used_of_late(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["env", "prune"]) == 0
    assert "torch==2.4.1" in capsys.readouterr().out
    assert [line.split()[-1] for line in listed(capsys)] == ["torch==2.13.0"]


def test_prune_all_leaves_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["env", "prune", "--all"]) == 0
    assert listed(capsys) == []
    assert list(root.iterdir()) == []


def test_prune_removes_half_built_ones_and_leaves_those_under_way(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "0123" / "env").mkdir(parents=True)
    with cache.building(lock("2.99")) as folder:
        folder.mkdir(parents=True)
        assert invoke(["env", "prune"]) == 0
        assert folder.exists()
    assert not (root / "0123").exists()


def test_a_name_or_what_was_asked_finds_the_interpreter(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = lock("2.4.1").digest
    for name in (digest[:6], "torch==2.4.1"):
        assert invoke(["env", "path", name]) == 0
        expected = root / digest[:16] / "env" / "bin" / "python"
        assert capsys.readouterr().out == f"{expected}\n"


def test_the_folder_is_told_and_an_unknown_name_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["env", "path"]) == 0
    assert capsys.readouterr().out == f"{root}\n"
    assert invoke(["env", "path", "zzz"]) == 2
    assert "'zzz' is the name of 0 environments; name one of" in capsys.readouterr().err


def test_use_is_remembered(root: Path) -> None:
    assert cache.kept()[0].asked == "torch==2.13.0"
    cache.get(lock("2.4.1"))
    assert cache.kept()[0].asked == "torch==2.4.1"
