from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import command, need

pytestmark = pytest.mark.frameworks


def test_a_target_that_runs_is_shown_with_its_versions(folder: Path) -> None:
    need("torch")
    done = command("doctor", "-t", "torch", folder=folder)
    assert (done.code, done.err) == (0, "")
    assert "8 losses in " in done.out
    assert "✓ torch==" in done.out
    assert "framework " in done.out
    assert max(len(line.rstrip()) for line in done.out.splitlines()[:2]) <= 80


def test_a_target_that_cannot_run_is_shown_with_the_reason_and_exits_4(folder: Path) -> None:
    done = command("doctor", "-t", "torch==0.0.1", folder=folder)
    assert done.code == 4
    assert "– torch==0.0.1@cpu cannot run" in done.out
